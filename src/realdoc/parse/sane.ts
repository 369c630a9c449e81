import { fail } from '../../common/index.ts';

/*
 * What the parse guest says is looked at as what a stranger says: it read files that may be hostile. What passes is
 * harmless, even if it is wrong.
 */

export type Members = Record<string, unknown>;

export const isOffset = (value: unknown, limit: number): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= limit;
export const isText = (value: unknown): value is string => typeof value === 'string';
export const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null;

/** What the guest says about a file that cannot be true. It never decides more than that this file is refused. */
export function nonsense(details: Record<string, unknown> = {}): Error {
  return fail('DOC_PARSE_REFUSED', { ...details, reason: 'what was read makes no sense' });
}
