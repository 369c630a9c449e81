/**
 * Canonical JSON (RFC 8785): one byte sequence for one value, so that it can be hashed and signed.
 * Members are sorted by UTF-16 code units, numbers use the ECMAScript form, `undefined` members are left out.
 * Throws `TypeError` for what JSON cannot carry: NaN, infinities, bigint, functions, lone surrogates.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('canonical JSON has no NaN or Infinity');
    return JSON.stringify(value);
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('canonical JSON has no lone surrogates');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    let items = '';
    for (const item of value as unknown[]) {
      if (items !== '') items += ',';
      items += canonicalJson(item === undefined ? null : item);
    }
    return `[${items}]`;
  }
  if (typeof value === 'object') {
    const keys = Object.keys(value);
    if (!isSorted(keys)) keys.sort();
    let members = '';
    for (const key of keys) {
      const member = (value as Record<string, unknown>)[key];
      if (member === undefined) continue;
      if (members !== '') members += ',';
      members += `${canonicalJson(key)}:${canonicalJson(member)}`;
    }
    return `{${members}}`;
  }
  throw new TypeError(`canonical JSON cannot carry a ${typeof value}`);
}

function isSorted(keys: readonly string[]): boolean {
  for (let i = 1; i < keys.length; i++) if (keys[i - 1]! > keys[i]!) return false;
  return true;
}
