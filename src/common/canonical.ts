/** Names of members as they are written: a box writes the same few hundred short ones over and over. */
const MOST_NAMES = 1024;
const SHORT = 64;
const names = new Map<string, string>();

/**
 * Canonical JSON (RFC 8785): one byte sequence for one value, so that it can be hashed and signed.
 * Members are sorted by UTF-16 code units, numbers use the ECMAScript form, `undefined` members are left out.
 * Throws `TypeError` for what JSON cannot carry: NaN, infinities, bigint, functions, lone surrogates.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError('canonical JSON has no NaN or Infinity');
      // Adding zero: there is no negative zero in JSON.
      return String(value + 0);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? ofArray(value as unknown[]) : ofObject(value as Record<string, unknown>);
    default:
      throw new TypeError(`canonical JSON cannot carry a ${typeof value}`);
  }
}

function ofArray(list: readonly unknown[]): string {
  let items = '';
  for (const item of list) {
    if (items !== '') items += ',';
    items += canonicalJson(item === undefined ? null : item);
  }
  return `[${items}]`;
}

function ofObject(value: Record<string, unknown>): string {
  const keys = Object.keys(value);
  if (!isSorted(keys)) keys.sort();
  let members = '';
  for (const key of keys) {
    const member = value[key];
    if (member === undefined) continue;
    if (members !== '') members += ',';
    members += `${nameOf(key)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}

function quoted(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('canonical JSON has no lone surrogates');
  return JSON.stringify(text);
}

function nameOf(key: string): string {
  if (key.length > SHORT) return quoted(key);
  let name = names.get(key);
  if (name === undefined) {
    name = quoted(key);
    if (names.size >= MOST_NAMES) names.clear();
    names.set(key, name);
  }
  return name;
}

function isSorted(keys: readonly string[]): boolean {
  for (let i = 1; i < keys.length; i++) if (keys[i - 1]! > keys[i]!) return false;
  return true;
}
