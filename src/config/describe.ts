import { CONFIG_KEYS, ConfigSchema, flagName, isFileOnly, variableName } from './schema.ts';

export interface ConfigRow {
  key: string;
  kind: string;
  /** As one would write it in the file; undefined where it depends on the machine. */
  default: string | undefined;
  flag: string | undefined;
  variable: string | undefined;
  description: string;
}

/** Every setting for people: the reference page and `--help` are made from this. */
export function describeConfig(): ConfigRow[] {
  return CONFIG_KEYS.map((key) => {
    const schema = ConfigSchema.properties[key] as { type?: string; default?: unknown; description?: string };
    const fileOnly = isFileOnly(key);
    return {
      key,
      kind: fileOnly ? 'list of tables' : schema.type === 'array' ? 'list of strings' : (schema.type ?? 'word'),
      default: schema.default === undefined ? undefined : JSON.stringify(schema.default),
      flag: fileOnly ? undefined : `--${flagName(key)}`,
      variable: fileOnly ? undefined : variableName(key),
      description: schema.description ?? '',
    };
  });
}

export function configHelp(): string {
  const rows = describeConfig().filter((row) => row.flag);
  const width = Math.max(...rows.map((row) => row.flag!.length));
  const lines = rows.map((row) => `  ${row.flag!.padEnd(width)}  ${row.description}`);
  return [
    ...lines,
    `  ${'--config'.padEnd(width)}  The settings file (default: jingu.toml in the data directory).`,
  ].join('\n');
}
