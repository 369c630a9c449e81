import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { WireError } from '../../common/index.ts';
import { CliError, cliFail } from '../cli-error.ts';
import type { Base } from '../context.ts';
import { runProgram } from './program.ts';

/**
 * `jingu backup restore <name or folder>`: with the box stopped, puts a backup in place of its data. What was there is
 * kept aside. A program of the store does it; the lock on the directory keeps it from a running box.
 */
export async function restore(
  { terminal, locale, signal }: Base,
  words: readonly string[],
  dataDirectory: string,
): Promise<unknown> {
  const [named, ...rest] = words.filter((word) => word !== '--yes' && word !== '--json');
  if (named === undefined || rest.length > 0 || named.startsWith('-')) {
    throw cliFail('USAGE', { reason: 'jingu backup restore <name or folder> [--data <directory>] [--yes]' }, locale);
  }
  const kept = join(dataDirectory, 'backups', named);
  const backup = existsSync(kept) ? kept : resolve(named);
  if (existsSync(join(dataDirectory, 'jingu.db')) && !words.includes('--yes')) {
    const question = { operation: 'backup.restore', impact: `${dataDirectory} <- ${backup}` };
    const wanted = cliFail('CONFIRMATION_REQUIRED', question, locale);
    if (!(await terminal.askYes(wanted.message, signal))) throw wanted;
  }
  const { code, out, said } = await runProgram('store/restore-main.ts', [backup, dataDirectory], { whole: true });
  if (code === 0) return JSON.parse(out) as unknown;
  throw new CliError(JSON.parse(said.split('\n').at(-1) ?? '{}') as WireError);
}
