import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { WireError } from '../../common/index.ts';
import { CliError, cliFail } from '../cli-error.ts';
import type { Context } from '../context.ts';

/**
 * `jingu backup restore <name or folder>`: with the box stopped, puts a backup in place of its data. What was there is
 * kept aside. A program of the store does it; the lock on the directory keeps it from a running box.
 */
export async function restore(
  { terminal, locale, signal }: Omit<Context, 'globals'>,
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
  return await runProgram(backup, dataDirectory);
}

function runProgram(backup: string, dataDirectory: string): Promise<unknown> {
  const program = join(import.meta.dirname, '..', '..', 'store', 'restore-main.ts');
  return new Promise((done, reject) => {
    // Not stopped by Ctrl-C half-way on purpose: it either changes nothing or finishes.
    const child = spawn(process.execPath, [program, backup, dataDirectory], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let out = '';
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) done(JSON.parse(out));
      else reject(new CliError(JSON.parse(said.trim().split('\n').at(-1) ?? '{}') as WireError));
    });
  });
}
