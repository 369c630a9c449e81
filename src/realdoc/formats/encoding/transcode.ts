import { fail } from '../../../common/index.ts';
import type { Aim } from '../../edit/target.ts';
import { diffBytes } from '../../text/diff.ts';
import type { Change } from '../../text/splice.ts';
import { TextTree } from '../../text/tree.ts';
import { detectEncoding, type Encoding } from './detect.ts';
import { encode } from './encode.ts';

/** Longer texts are shown and edited as their bytes stand. */
const MAX_BYTES = 32 * 1024 * 1024;

/** A text that is no UTF-8, as UTF-8: line for line the stored one. */
export interface Transcoded {
  encoding: Encoding;
  tree: TextTree;
}

const known = new WeakMap<TextTree, Transcoded | null>();
const encodings = new WeakMap<TextTree, Encoding>();

/** Nothing for what is UTF-8, too long, or cannot be read line by line as the encoding that it seems to have. */
export function transcodedOf(stored: TextTree): Transcoded | undefined {
  const before = known.get(stored);
  if (before !== undefined) return before ?? undefined;
  const made = stored.bytes > MAX_BYTES ? undefined : transcode(stored);
  known.set(stored, made ?? null);
  if (made) encodings.set(stored, made.encoding);
  return made;
}

/** A change of stored text with its two sides. */
interface Sides {
  before: TextTree;
  after: TextTree;
  change: Change;
}

/** The same change in the words of people: each side in its own encoding. */
export function readChange(stored: Sides): Sides {
  const one = transcodedOf(stored.before)?.tree;
  const two = transcodedOf(stored.after)?.tree;
  if (!one && !two) return stored;
  const before = one ?? stored.before;
  const after = two ?? stored.after;
  return { before, after, change: diffBytes(before.toBuffer(), after.toBuffer()) };
}

/**
 * To be said of a text that was made from another one of known encoding: `readable` then knows that of the new one too.
 * It is judged by its own bytes, so that every box shows the same, whatever it had in memory.
 */
export function knowEncoding(from: TextTree, to: TextTree): void {
  if (encodings.has(from)) transcodedOf(to);
}

/** Bytes of a stored text as people read them, if its encoding was asked for before; else as UTF-8. */
export function readable(tree: TextTree, bytes: Buffer): string {
  const encoding = encodings.get(tree);
  return encoding ? decodes(bytes, encoding) : bytes.toString('utf8');
}

function transcode(stored: TextTree): Transcoded | undefined {
  const bytes = stored.toBuffer();
  const encoding = detectEncoding(bytes);
  if (!encoding) return undefined;
  const tree = TextTree.of(Buffer.from(new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes)));
  return tree.newlines === stored.newlines && tree.lines === stored.lines ? { encoding, tree } : undefined;
}

/**
 * Aims at the UTF-8 form of a text as aims at its bytes. Throws DOC_ENCODING for characters that the encoding does not
 * have, and for places inside of lines that do not come back to the same bytes.
 */
export function aimsInStored(
  path: string,
  stored: TextTree,
  { tree, encoding }: Transcoded,
  aims: readonly Aim[],
): Aim[] {
  const offset = (at: number): number => storedOffset(path, stored, tree, encoding, at);
  return aims.map((aim) => ({
    ...aim,
    region: { from: offset(aim.region.from), to: offset(aim.region.to) },
    splices: aim.splices.map(({ at, del, ins }) => {
      const [from, to] = [offset(at), offset(at + del.length)];
      const written = encode(Buffer.from(ins.buffer, ins.byteOffset, ins.length).toString('utf8'), encoding);
      if ('missing' in written) throw fail('DOC_ENCODING', { path, encoding, character: written.missing });
      return { at: from, del: stored.slice(from, to), ins: written };
    }),
  }));
}

function storedOffset(path: string, stored: TextTree, tree: TextTree, encoding: Encoding, at: number): number {
  if (at >= tree.bytes) return stored.bytes;
  const line = tree.lineAt(at);
  const start = stored.offsetOfLine(line);
  const from = tree.offsetOfLine(line);
  if (at === from) return start;
  const before = encode(tree.slice(from, at).toString('utf8'), encoding);
  if (!('missing' in before)) {
    const own = stored.slice(start, start + before.length);
    if (own.equals(before)) return start + before.length;
    // The same characters may have been written with other bytes of the same encoding.
    if (decodes(own, encoding) === tree.slice(from, at).toString('utf8')) return start + before.length;
  }
  throw fail('DOC_ENCODING', { path, encoding, character: `line ${line}` });
}

function decodes(bytes: Uint8Array, encoding: Encoding): string {
  return new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes);
}
