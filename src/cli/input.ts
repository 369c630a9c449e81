import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { camel, kebab } from './globals.ts';

/** JSON Schema, as far as flags can say it. */
export interface Schema {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  description?: string;
}

/** One value from a flag becomes JSON by what the schema wants. Throws TypeError with the reason in words. */
type Kind = 'text' | 'number' | 'boolean' | 'list' | 'json' | 'text or json';

function kindOf(schema: Schema): Kind {
  const choices = schema.anyOf?.filter((choice) => choice.type !== 'null');
  if (choices?.length === 1) return kindOf(choices[0]!);
  if (choices?.some((choice) => choice.type === 'array' || choice.type === 'object')) {
    return choices.some((choice) => kindOf(choice) === 'text') ? 'text or json' : 'json';
  }
  if (choices?.every((choice) => typeof choice.const === 'string' || choice.type === 'string')) return 'text';
  if (schema.enum?.every((value) => typeof value === 'string') || typeof schema.const === 'string') return 'text';
  switch (schema.type) {
    case 'string':
      return 'text';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'array':
      return kindOf(schema.items ?? {}) === 'text' ? 'list' : 'json';
    default:
      return 'json';
  }
}

/** Adds a flag a member and the positional words. */
export function addInput(command: Command, schema: Schema, positional: readonly string[]): void {
  const members = Object.entries(schema.properties ?? {});
  const required = new Set(schema.required ?? []);
  for (const [i, name] of positional.entries()) {
    const list = i === positional.length - 1 && kindOf(schema.properties?.[name] ?? {}) === 'list';
    command.argument(`[${kebab(name)}${list ? '...' : ''}]`, schema.properties?.[name]?.description ?? '');
  }
  for (const [name, member] of members) {
    const flag = kebab(name);
    const kind = kindOf(member);
    const text = [member.description, required.has(name) ? '(needed)' : '', choicesOf(member)]
      .filter(Boolean)
      .join(' ');
    if (kind === 'boolean') command.option(`--${flag}`, text).option(`--no-${flag}`);
    else if (kind === 'list') command.option(`--${flag} <text...>`, text);
    else command.option(`--${flag} <${kind}>`, text);
  }
  command.option('--input <json>', 'the whole input as JSON; @file and @- read it from a file or from stdin');
}

function choicesOf(schema: Schema): string {
  const values = schema.enum ?? schema.anyOf?.map((choice) => choice.const).filter((value) => value !== undefined);
  return values && values.length > 0 ? `one of ${values.join(', ')}` : '';
}

export interface Words {
  schema: Schema;
  positional: readonly string[];
  /** Positional words as typed. */
  words: readonly (string | string[] | undefined)[];
  /** Flags as commander read them. */
  flags: Record<string, unknown>;
}

/** The input of the call. Flags win over positional words, both over `--input`. */
export function readInput({ schema, positional, words, flags }: Words): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  if (typeof flags['input'] === 'string') Object.assign(input, parseJson('input', fromFile(flags['input'])));
  for (const [i, name] of positional.entries()) {
    const word = words[i];
    if (word !== undefined && word.length > 0) input[name] = toInput(name, schema.properties?.[name] ?? {}, word);
  }
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const value = flags[camel(kebab(name))];
    // commander turns `--no-x` into a default of true for x; only what was typed counts, see leaf.ts.
    if (value !== undefined && name !== 'input') input[name] = toInput(name, member, value);
  }
  return input;
}

function toInput(name: string, schema: Schema, value: unknown): unknown {
  if (typeof value === 'boolean') return value;
  const words = (Array.isArray(value) ? value : [value]) as string[];
  switch (kindOf(schema)) {
    case 'text':
      return fromFile(words.join(' '));
    case 'list':
      return words.map(fromFile);
    case 'number': {
      const number = Number(words[0]);
      if (words[0]?.trim() === '' || Number.isNaN(number))
        throw new TypeError(`--${kebab(name)}: "${words[0]}" is no number`);
      return number;
    }
    case 'boolean':
      if (!/^(true|false)$/.test(words[0]!))
        throw new TypeError(`--${kebab(name)}: "${words[0]}" is neither true nor false`);
      return words[0] === 'true';
    case 'text or json': {
      const text = fromFile(words.join(' '));
      return /^\s*[[{]/.test(text) ? parseJson(name, text) : text;
    }
    case 'json':
      return parseJson(name, fromFile(words.join(' ')));
  }
}

/** `@path` is the content of a file, `@-` what comes on stdin, `@@x` is `@x` itself. */
function fromFile(word: string): string {
  if (!word.startsWith('@')) return word;
  if (word.startsWith('@@')) return word.slice(1);
  try {
    return readFileSync(word === '@-' ? 0 : word.slice(1), 'utf8');
  } catch (error) {
    throw new TypeError(`${word.slice(1)}: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
}

function parseJson(name: string, text: string): object {
  try {
    return JSON.parse(text) as object;
  } catch {
    throw new TypeError(`--${kebab(name)} is not valid JSON: ${text.slice(0, 60)}`);
  }
}
