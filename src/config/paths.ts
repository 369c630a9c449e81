import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** systemd gives its own folders (systemd.exec(5), STATE_DIRECTORY); elsewhere the person's home holds them. */
export function defaultData(env: Environment): string {
  const given = env['STATE_DIRECTORY']?.split(':')[0];
  return given || join(env['XDG_DATA_HOME'] || join(homeOf(env), '.local', 'share'), 'jingu');
}

/** The same place where `npm start` puts the starter model. */
export function defaultModels(env: Environment): string {
  return join(env['JINGU_CACHE'] || join(homeOf(env), '.cache', 'jingu'), 'models');
}

/** `~/x` and relative paths made absolute; relative ones start at `from`. */
export function absolutePath(path: string, from: string, env: Environment): string {
  if (path === '~' || path.startsWith('~/')) return join(homeOf(env), path.slice(1));
  return isAbsolute(path) ? resolve(path) : resolve(from, path);
}

function homeOf(env: Environment): string {
  return env['HOME'] || homedir();
}
