import { hash } from 'node:crypto';
import { canonicalJson } from '../common/index.ts';

/** SHA-256 over canonical JSON, as lower-case hex: what records and approvals hold instead of content. */
export function digestOf(value: unknown): string {
  return hash('sha256', canonicalJson(value ?? null));
}
