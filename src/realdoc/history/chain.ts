import { hash } from 'node:crypto';
import { canonicalJson as json } from '../../common/index.ts';
import { jsonOf } from '../repository/words.ts';
import type { OpRow } from '../rows.ts';

/** Before the first version there is nothing: the chain begins here. */
export const CHAIN_START = '0'.repeat(64);

export function sha256Hex(data: Uint8Array | string): string {
  return hash('sha256', data);
}

/** What the identity of a version covers, beside its change. */
type Signed = Omit<OpRow, 'digest' | 'splices' | 'isFull' | 'span' | 'seal'>;

/**
 * Identity of a version: what was done, to what, by which call, after which version. It covers digests of text and
 * arguments, never the text itself, so text can be redacted later without breaking the chain. `plain` is the change
 * in its uncompressed form; for a first version `args` name the SHA-256 of the whole text.
 */
export function versionDigest(op: Signed, plain: Uint8Array): string {
  return sha256Hex(signedText(op, plain));
}

/**
 * The text that is hashed: canonical JSON (RFC 8785) of exactly these fifteen members, written down member by member
 * since every version is hashed when it is made, when it is packed and when it is read back.
 */
function signedText(op: Signed, plain: Uint8Array): string {
  const note = op.note === null ? 'null' : `"${sha256Hex(op.note)}"`;
  return `{"actor":${ofObject(op.actor)},"args":"${argsDigest(op.args)}","at":${json(op.at)},"base":${json(op.base)},"bytes":${json(op.bytes)},"call":${json(op.call)},"change":"${sha256Hex(plain)}","file":${json(op.file)},"label":${ofObject(op.label)},"newlines":${json(op.newlines)},"note":${note},"prev":${json(op.prev)},"source":${json(op.source)},"task":${json(op.task)},"version":${json(op.version)}}`;
}

/** Canonical texts of actors and labels by their plain ones: a box knows few, and most versions name the same. */
const MOST_KNOWN = 256;
const canonical = new Map<string, string>();

function ofObject(value: OpRow['actor'] | OpRow['label']): string {
  const plain = jsonOf(value);
  let known = canonical.get(plain);
  if (known === undefined) {
    known = json(value);
    if (canonical.size >= MOST_KNOWN) canonical.clear();
    canonical.set(plain, known);
  }
  return known;
}

let lastArgs = { args: '', digest: sha256Hex('') };

/** Many versions in a row are asked for in the same words, or in none. */
function argsDigest(args: string): string {
  if (args !== lastArgs.args) lastArgs = { args, digest: sha256Hex(args) };
  return lastArgs.digest;
}
