import { createHash } from 'node:crypto';

/** Git's four kinds of object, by the numbers they have in a pack (gitformat-pack(5)). */
export const KIND = { commit: 1, tree: 2, blob: 3, tag: 4, ofsDelta: 6, refDelta: 7 } as const;
export type ObjectKind = 'commit' | 'tree' | 'blob' | 'tag';

export interface TreeEntry {
  name: string;
  id: string;
  isFolder: boolean;
}

export interface Signature {
  name: string;
  email: string;
  /** Milliseconds since 1970; git keeps seconds. */
  at: number;
}

/** The id of an object: SHA-1 of its kind, length and bytes (gitformat-pack(5), "object names"). */
export async function objectId(
  kind: ObjectKind,
  length: number,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<string> {
  const sum = createHash('sha1').update(`${kind} ${length}\0`);
  for await (const piece of pieces) sum.update(piece);
  return sum.digest('hex');
}

export function idOf(kind: ObjectKind, bytes: Uint8Array): string {
  return createHash('sha1').update(`${kind} ${bytes.length}\0`).update(bytes).digest('hex');
}

/** Git compares names byte by byte, a folder as if its name ended in a slash. */
export function treeBytes(entries: readonly TreeEntry[]): Buffer {
  const keyed = entries.map((entry) => ({ entry, key: Buffer.from(entry.isFolder ? `${entry.name}/` : entry.name) }));
  keyed.sort((a, b) => Buffer.compare(a.key, b.key));
  return Buffer.concat(
    keyed.flatMap(({ entry }) => [
      Buffer.from(`${entry.isFolder ? '40000' : '100644'} ${entry.name}\0`),
      Buffer.from(entry.id, 'hex'),
    ]),
  );
}

export function commitBytes(commit: {
  tree: string;
  parent: string | undefined;
  author: Signature;
  message: string;
}): Buffer {
  const { tree, parent, author, message } = commit;
  const who = `${clean(author.name)} <${clean(author.email)}> ${Math.floor(author.at / 1000)} +0000`;
  const parentLine = parent === undefined ? '' : `parent ${parent}\n`;
  return Buffer.from(`tree ${tree}\n${parentLine}author ${who}\ncommitter ${who}\n\n${message.trimEnd()}\n`);
}

/** A name must not end the field it stands in. */
function clean(text: string): string {
  return text.replaceAll(/[<>\n\r\0]/g, ' ').trim() || 'unknown';
}
