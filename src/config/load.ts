import type { TSchema } from 'typebox';
import { Check, Errors } from 'typebox/schema';
import { isJinguError } from '../common/index.ts';
import { absolutePath, defaultData, defaultModels, type Environment } from './paths.ts';
import { assertPrivateBind, type Interfaces, localInterfaces } from './private-bind.ts';
import type { ConfigProblem } from './problems.ts';
import { CONFIG_KEYS, type Config, type ConfigKey, ConfigSchema } from './schema.ts';
import { configPath, type Found, readEnvironment, readFileSource, readFlags } from './sources.ts';

export interface LoadInput {
  /** Arguments after the program's own. */
  argv?: readonly string[];
  env?: Environment;
  cwd?: string;
  interfaces?: Interfaces;
}

interface Loaded {
  /** Where each setting came from. */
  sources: Record<ConfigKey, 'default' | ConfigProblem['source']>;
  /** The file that was read, if any. */
  file: string | undefined;
  help: boolean;
}

/**
 * `ok: false` is recovery mode: `safeConfig` has every good setting, the default for each bad one, and loopback only
 * when the addresses were the problem, so the box can come up and say which key it is.
 */
export type LoadedConfig =
  | (Loaded & { ok: true; config: Config })
  | (Loaded & { ok: false; problems: ConfigProblem[]; safeConfig: Config });

/** Defaults, then the file, then `JINGU_*`, then flags; a later one wins, key by key. Never throws for what people wrote. */
export function loadConfig(input: LoadInput = {}): LoadedConfig {
  const env = input.env ?? process.env;
  const cwd = input.cwd ?? process.cwd();
  const flags = readFlags(input.argv ?? []);
  const environment = readEnvironment(env);
  const problems = [...environment.problems, ...flags.problems];
  const given = [...environment.found, ...flags.found];

  const data = given.findLast(({ key, value }) => key === 'data' && typeof value === 'string')?.value as
    | string
    | undefined;
  const explicit = flags.config ?? (env['JINGU_CONFIG'] || undefined);
  const home = absolutePath(data ?? defaultData(env), cwd, env);
  const file = readFileSource(configPath(explicit && absolutePath(explicit, cwd, env), home));
  problems.unshift(...file.problems);

  const config = defaults(env);
  const sources = Object.fromEntries(CONFIG_KEYS.map((key) => [key, 'default'])) as Loaded['sources'];
  for (const found of [...file.found, ...given]) {
    const reason = whyNot(found, input.interfaces);
    if (reason) {
      problems.push({ key: found.key, source: found.source, where: found.where, reason });
      if (found.key === 'bind') Object.assign(config, { bind: ['127.0.0.1', '::1'] });
      continue;
    }
    Object.assign(config, { [found.key]: found.value });
    sources[found.key] = found.source;
  }
  config.data = absolutePath(config.data, cwd, env);
  config.models = absolutePath(config.models, cwd, env);
  config.workspaces = config.workspaces.map(({ name, root }) => ({ name, root: absolutePath(root, cwd, env) }));

  const loaded: Loaded = { sources, file: file.path, help: flags.help };
  if (problems.length === 0) return { ...loaded, ok: true, config };
  return { ...loaded, ok: false, problems, safeConfig: config };
}

function defaults(env: Environment): Config {
  const plain = CONFIG_KEYS.map((key) => [key, (ConfigSchema.properties[key] as { default?: unknown }).default]);
  return {
    ...(structuredClone(Object.fromEntries(plain)) as Config),
    data: defaultData(env),
    models: defaultModels(env),
  };
}

function whyNot({ key, value }: Found, interfaces: Interfaces | undefined): string | undefined {
  const schema: TSchema = ConfigSchema.properties[key];
  if (!Check(schema, value)) return mismatch(schema, value);
  if (key !== 'bind') return undefined;
  try {
    assertPrivateBind(value as string[], interfaces ?? localInterfaces());
    return undefined;
  } catch (error) {
    if (!isJinguError(error)) throw error;
    return `${error.details['address']}: ${error.details['reason']}`;
  }
}

function mismatch(schema: TSchema, value: unknown): string {
  const literals = (schema as { anyOf?: { const: string }[] }).anyOf?.map((choice) => choice.const);
  const shown = JSON.stringify(value)?.slice(0, 60);
  if (literals) return `${shown} is not one of ${literals.join(', ')}`;
  const [, [first]] = Errors(schema, value);
  const at = first?.instancePath ? ` at ${first.instancePath}` : '';
  return `${shown} does not fit${at}: ${first?.message ?? 'wrong kind of value'}`;
}
