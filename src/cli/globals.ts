import type { Command } from 'commander';

/** What every command takes. Members of an operation's input win over these names and push them to `--call-…`. */
export interface Globals {
  json: boolean;
  data?: string;
  yes: boolean;
  dryRun: boolean;
  wait: boolean;
  timeoutMs?: number;
  idempotencyKey?: string;
}

const FLAGS: { name: string; value?: string; text: string }[] = [
  { name: 'json', text: 'print one JSON object' },
  { name: 'data', value: 'directory', text: 'the data directory of the box' },
  { name: 'yes', text: 'confirm what asks for an explicit yes' },
  { name: 'dry-run', text: 'show what would happen and do nothing' },
  { name: 'wait', text: 'wait until it is done, or a person has answered' },
  { name: 'timeout', value: 'time', text: 'how long to wait at most: 30s, 5m' },
  { name: 'idempotency-key', value: 'key', text: 'the same key again gives the same outcome' },
];

/** Adds the common options, moving those whose names the operation itself uses. */
export function addGlobals(command: Command, taken: ReadonlySet<string>): void {
  for (const { name, value, text } of FLAGS) {
    const flag = taken.has(name) ? `call-${name}` : name;
    command.option(value ? `--${flag} <${value}>` : `--${flag}`, text);
  }
}

/** Reads the common options from what commander found; the rest stays for the input. Throws on a bad time. */
export function readGlobals(values: Record<string, unknown>, taken: ReadonlySet<string>): Globals {
  const read = (name: string) => values[camel(taken.has(name) ? `call-${name}` : name)];
  const timeout = read('timeout');
  const text = (name: string) => read(name) as string | undefined;
  return {
    json: read('json') === true,
    yes: read('yes') === true,
    dryRun: read('dry-run') === true,
    wait: read('wait') === true,
    ...(text('data') === undefined ? {} : { data: text('data')! }),
    ...(timeout === undefined ? {} : { timeoutMs: milliseconds(String(timeout)) }),
    ...(text('idempotency-key') === undefined ? {} : { idempotencyKey: text('idempotency-key')! }),
  };
}

export function milliseconds(text: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  if (number === undefined) throw new TypeError(`"${text}" is no time: write 500ms, 30s, 5m`);
  return Math.round(Number(number) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit as 's']);
}

export const camel = (flag: string): string =>
  flag.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
export const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
