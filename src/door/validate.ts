import type { TSchema } from 'typebox';
import { Compile } from 'typebox/schema';
import { fail, type JinguError, nearest } from '../common/index.ts';

interface Validator {
  Check(value: unknown): boolean;
  Errors(value: unknown): [valid: boolean, errors: Mismatch[]];
}

interface Mismatch {
  keyword: string;
  instancePath: string;
  message: string;
  params: object;
}

const compiled = new WeakMap<TSchema, Validator>();

/** Compiled at first use: an operation nobody calls costs nothing at start. */
export function matches(schema: TSchema, value: unknown): boolean {
  return validatorOf(schema).Check(value);
}

/** The typed refusal for a value that does not match: where, why, and the nearest name for an unknown member. */
export function explainMismatch(schema: TSchema, value: unknown): JinguError {
  const [, errors] = validatorOf(schema).Errors(value);
  const unknownMember = errors.find((e) => e.keyword === 'additionalProperties');
  if (unknownMember) {
    const names = (unknownMember.params as { additionalProperties: string[] }).additionalProperties;
    const parent = memberAt(schema, unknownMember.instancePath);
    const wrong = names[0] ?? '';
    const near = nearest(wrong, Object.keys(parent?.properties ?? {}));
    return fail('INPUT_INVALID', {
      pointer: `${unknownMember.instancePath}/${wrong}`,
      reason: near ? `unknown member; did you mean "${near}"?` : 'unknown member',
      ...(near ? { nearest: near } : {}),
    });
  }
  const first = errors[0];
  return fail('INPUT_INVALID', { pointer: first?.instancePath || '/', reason: first?.message ?? 'does not match' });
}

function validatorOf(schema: TSchema): Validator {
  let validator = compiled.get(schema);
  if (!validator) {
    validator = Compile(schema) as unknown as Validator;
    compiled.set(schema, validator);
  }
  return validator;
}

interface SchemaNode {
  properties?: Record<string, SchemaNode>;
  items?: SchemaNode;
}

function memberAt(schema: TSchema, pointer: string): SchemaNode | undefined {
  let node: SchemaNode | undefined = schema as SchemaNode;
  for (const part of pointer.split('/').slice(1)) node = node?.properties?.[part] ?? node?.items;
  return node;
}
