import { hash } from 'node:crypto';
import { canonicalJson } from '../../common/index.ts';
import type { OpRow } from '../rows.ts';

/** Before the first version there is nothing: the chain begins here. */
export const CHAIN_START = '0'.repeat(64);

export function sha256Hex(data: Uint8Array | string): string {
  return hash('sha256', data);
}

/**
 * Identity of a version: what was done, to what, by which call, after which version. It covers digests of text and
 * arguments, never the text itself, so text can be redacted later without breaking the chain. `plain` is the change
 * in its uncompressed form; for a first version `args` name the SHA-256 of the whole text.
 */
export function versionDigest(
  op: Omit<OpRow, 'digest' | 'splices' | 'isFull' | 'span' | 'seal'>,
  plain: Uint8Array,
): string {
  const { file, version, base, call, source, at, bytes, newlines, prev, actor, task } = op;
  return sha256Hex(
    canonicalJson({
      file,
      version,
      base,
      call,
      source,
      actor,
      task,
      at,
      bytes,
      newlines,
      prev,
      label: op.label,
      note: op.note === null ? null : sha256Hex(op.note),
      args: sha256Hex(op.args),
      change: sha256Hex(plain),
    }),
  );
}
