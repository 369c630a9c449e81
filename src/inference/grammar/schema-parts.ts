import { fail } from '../../common/index.ts';

export type Schema = Record<string, unknown>;

/** Keywords that change what is valid and that neither the grammar nor a merge can honour. */
const UNSUPPORTED = [
  'not',
  'if',
  'then',
  'else',
  'dependentSchemas',
  'dependentRequired',
  'patternProperties',
  'propertyNames',
  'unevaluatedProperties',
  'unevaluatedItems',
  'contains',
  '$dynamicRef',
];

/** Throws SCHEMA_UNSUPPORTED for what is no schema, or says what cannot be honoured. */
export function asSchema(value: unknown, pointer: string): Schema {
  if (!isSchema(value)) throw unsupported(pointer, 'this is not a schema');
  for (const keyword of UNSUPPORTED) {
    if (keyword in value) throw unsupported(`${pointer}/${keyword}`, `"${keyword}" is not supported`);
  }
  return value;
}

/** What a `$ref` of the schema `root` points to. Throws SCHEMA_UNSUPPORTED. */
export function resolveReference(root: unknown, ref: unknown, pointer: string): Schema {
  if (typeof ref !== 'string' || !ref.startsWith('#')) throw unsupported(pointer, 'only references inside the schema');
  let at: unknown = root;
  for (const step of ref.slice(1).split('/').slice(1)) {
    const name = unescaped(step, pointer);
    at = typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? (at as Schema)[name] : undefined;
  }
  if (!isSchema(at)) throw unsupported(pointer, 'it points to nothing');
  return at;
}

function unescaped(step: string, pointer: string): string {
  try {
    return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    throw unsupported(pointer, 'it is not escaped as a URI is');
  }
}

/** Both at once. Throws SCHEMA_UNSUPPORTED where they exclude each other. */
export function merge(a: Schema, b: Schema, pointer: string): Schema {
  const out: Schema = { ...a, ...b };
  for (const keyword of ['properties', '$defs', 'definitions']) {
    const both = [a[keyword], b[keyword]];
    if (both.every(isSchema)) out[keyword] = { ...(both[0] as Schema), ...(both[1] as Schema) };
  }
  if (Array.isArray(a['required']) && Array.isArray(b['required'])) {
    out['required'] = [...new Set([...(a['required'] as unknown[]), ...(b['required'] as unknown[])])];
  }
  if (a['type'] !== undefined && b['type'] !== undefined && a['type'] !== b['type']) {
    throw unsupported(pointer, 'these types exclude each other');
  }
  return out;
}

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function lengthOf(value: unknown, pointer: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw unsupported(pointer, 'it is not a length');
  return value;
}

/**
 * Patterns run on the core's own loop after the answer. Those that can take exponential or high polynomial time on
 * chosen text (repeated groups, back-references, many open repetitions) are refused rather than trusted.
 */
export function requireCheapPattern(pattern: unknown, pointer: string): void {
  if (typeof pattern !== 'string' || pattern.length > 256) throw unsupported(pointer, 'it is not a short text');
  const plain = pattern.replaceAll(/\\[^1-9k]|\[(?:[^\]\\]|\\.)*\]/g, 'x');
  const open = plain.match(/[*+]|\{\d+,\}/g)?.length ?? 0;
  if (/\)[*+{]/.test(plain) || /\\[1-9k]/.test(plain) || open > 2) {
    throw unsupported(pointer, 'this pattern could take too long to check');
  }
}

export function atLeast(schema: Schema, bound: number): boolean {
  const { minimum, exclusiveMinimum } = schema as { minimum?: unknown; exclusiveMinimum?: unknown };
  return [minimum, exclusiveMinimum].some((value) => typeof value === 'number' && value >= bound);
}

export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

export function unsupported(pointer: string, reason: string): Error {
  return fail('SCHEMA_UNSUPPORTED', { pointer: pointer || '/', reason });
}
