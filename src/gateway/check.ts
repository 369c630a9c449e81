import type { Static, TSchema } from 'typebox';
import { explainMismatch, matches } from '../door/index.ts';

/** What came in from outside, read by its schema; throws INPUT_INVALID with the pointer. */
export function check<S extends TSchema>(schema: S, value: unknown): Static<S> {
  if (matches(schema, value)) return value as Static<S>;
  throw explainMismatch(schema, value);
}
