import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { absolutePath, defaultData, type Environment } from './paths.ts';

/**
 * Where the data of the box is, found without reading the whole schema unless a settings file may say it: the command
 * needs nothing else, and starts in half the time.
 */
export async function locateData(flag: string | undefined, env: Environment = process.env): Promise<string> {
  const given = flag ?? env['JINGU_DATA'];
  if (given) return absolutePath(given, resolve('.'), env);
  const home = defaultData(env);
  const files = [env['JINGU_CONFIG'], join(home, 'jingu.toml'), '/etc/jingu/jingu.toml'];
  if (!files.some((path) => path && existsSync(path))) return home;
  const { loadConfig } = await import('./load.ts');
  const loaded = loadConfig({ env });
  return (loaded.ok ? loaded.config : loaded.safeConfig).data;
}

/** The language of the terminal, from the variables of POSIX locales in their order. */
export function localeOf(env: Environment = process.env): 'en' | 'zh' {
  return (env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '').toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

/**
 * What long text is shown through, and the environment it gets. As git has it: an empty name or `cat` means none; less
 * lets colours through, ends at once with what fits, and leaves the screen as it was.
 */
export function pagerOf(env: Environment = process.env): { command: string; env: Environment } {
  return { command: env['JINGU_PAGER'] ?? env['PAGER'] ?? 'less', env: { LESS: 'FRX', LV: '-c', ...env } };
}
