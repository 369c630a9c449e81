import { fail, type JinguError } from '../../common/index.ts';

/** A file that is not taken apart, and why. `details` may hold the part, a limit, a byte offset; never text of the file. */
export function refused(reason: string, details: { part?: string; limit?: number; at?: number } = {}): JinguError {
  return fail('DOC_PARSE_REFUSED', { reason, ...details });
}
