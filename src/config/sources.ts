import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { nearest } from '../common/index.ts';
import type { Environment } from './paths.ts';
import type { ConfigProblem } from './problems.ts';
import { CONFIG_KEYS, type ConfigKey, ConfigSchema, flagName, isFileOnly, variableName } from './schema.ts';

/** A value as found, not yet looked at. */
export interface Found {
  key: ConfigKey;
  value: unknown;
  source: ConfigProblem['source'];
  where: string;
}

export interface SourceResult {
  found: Found[];
  problems: ConfigProblem[];
}

/** Variables with our prefix that are no settings: where the scripts keep downloads, where the file is, what a unit says. */
const OTHER_VARIABLES = ['JINGU_CACHE', 'JINGU_CONFIG', 'JINGU_GUEST_SOCKETS', 'JINGU_TEST_DATA'];

/** A named file must exist; the one in the data directory and the machine's own may be absent. */
export function configPath(explicit: string | undefined, data: string): { path: string; required: boolean }[] {
  if (explicit) return [{ path: explicit, required: true }];
  return [join(data, 'jingu.toml'), '/etc/jingu/jingu.toml'].map((path) => ({ path, required: false }));
}

/** Reads the first file that exists. */
export function readFileSource(candidates: { path: string; required: boolean }[]): SourceResult & { path?: string } {
  for (const { path, required } of candidates) {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      const { code } = error as { code?: string };
      if ((code === 'ENOENT' || code === 'ENOTDIR') && !required) continue;
      const reason = code === 'ENOENT' ? 'the file does not exist' : `the file cannot be read (${code})`;
      return { found: [], problems: [{ key: '(file)', source: 'file', where: path, reason }], path };
    }
    return { ...parseFile(text, path), path };
  }
  return { found: [], problems: [] };
}

function parseFile(text: string, path: string): SourceResult {
  let table: Record<string, unknown>;
  try {
    table = parse(text);
  } catch (error) {
    const where = error instanceof TomlError ? `line ${error.line}: ` : '';
    const reason = `${where}${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
    return { found: [], problems: [{ key: '(file)', source: 'file', where: path, reason }] };
  }
  const found: Found[] = [];
  const problems: ConfigProblem[] = [];
  for (const [key, value] of Object.entries(table)) {
    if (isKey(key)) found.push({ key, value, source: 'file', where: path });
    else problems.push(unknown(key, 'file', path, nearest(key, CONFIG_KEYS)));
  }
  return { found, problems };
}

export function readEnvironment(env: Environment): SourceResult {
  const found: Found[] = [];
  const problems: ConfigProblem[] = [];
  const names = new Map(CONFIG_KEYS.filter((key) => !isFileOnly(key)).map((key) => [variableName(key), key]));
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('JINGU_') || text === undefined || text === '' || OTHER_VARIABLES.includes(name)) continue;
    const key = names.get(name);
    if (key) found.push({ key, value: fromText(key, text), source: 'environment', where: name });
    else problems.push(unknown(name, 'environment', 'the environment', nearest(name, names.keys())));
  }
  return { found, problems };
}

export interface FlagResult extends SourceResult {
  config?: string;
  help: boolean;
}

/** `--key value`, `--key=value`, `--beacon`, `--no-beacon`; `--bind` may be repeated. */
export function readFlags(argv: readonly string[]): FlagResult {
  const result: FlagResult = { found: [], problems: [], help: false };
  const names = new Map(CONFIG_KEYS.filter((key) => !isFileOnly(key)).map((key) => [flagName(key), key]));
  const lists = new Map<ConfigKey, string[]>();
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    const [, name, inline] = /^--([a-z][a-z-]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === 'help' || word === '-h') {
      result.help = true;
      continue;
    }
    const positive = name?.replace(/^no-/, '');
    const key = names.get(name ?? '') ?? (positive === 'beacon' ? 'beacon' : undefined);
    if (key === 'beacon') {
      const value = inline === undefined ? name === positive : fromText(key, inline);
      result.found.push({ key, value, source: 'flag', where: `--${name}` });
      continue;
    }
    if (!key && name !== 'config') {
      const near = nearest(name ?? word, [...names.keys(), 'config', 'help']);
      result.problems.push(unknown(word, 'flag', 'the command line', near && `--${near}`));
      continue;
    }
    const text = inline ?? argv[++i];
    if (text === undefined) {
      result.problems.push({ key: name!, source: 'flag', where: `--${name}`, reason: 'its value is missing' });
    } else if (!key) result.config = text;
    else if (isList(key)) lists.set(key, [...(lists.get(key) ?? []), ...(fromText(key, text) as string[])]);
    else result.found.push({ key, value: fromText(key, text), source: 'flag', where: `--${name}` });
  }
  for (const [key, value] of lists) result.found.push({ key, value, source: 'flag', where: `--${flagName(key)}` });
  return result;
}

/** A word becomes what the key holds; a word that does not fit stays a word, for the schema to refuse. */
function fromText(key: ConfigKey, text: string): unknown {
  if (isList(key))
    return text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean);
  const { type } = ConfigSchema.properties[key] as { type?: string };
  if (type === 'integer' && /^\d{1,9}$/.test(text)) return Number(text);
  if (type === 'boolean' && /^(true|false|1|0|on|off|yes|no)$/.test(text)) return /^(true|1|on|yes)$/.test(text);
  return text;
}

const isList = (key: ConfigKey): boolean => (ConfigSchema.properties[key] as { type?: string }).type === 'array';
const isKey = (key: string): key is ConfigKey => (CONFIG_KEYS as string[]).includes(key);

function unknown(key: string, source: ConfigProblem['source'], where: string, near: string | undefined): ConfigProblem {
  return { key, source, where, reason: 'there is no such setting', ...(near ? { nearest: near } : {}) };
}
