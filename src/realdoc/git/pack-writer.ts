import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { KIND } from './objects.ts';

const squeeze = promisify(deflate);

/** One object on its way into a pack. A delta names the object, earlier in the same pack, that it is against. */
export type PackObject =
  | { id: string; kind: 'commit' | 'tree' | 'blob'; bytes: Buffer }
  | { id: string; kind: 'delta'; base: string; bytes: Buffer };

/**
 * The bytes of a pack, version 2 (gitformat-pack(5)), object by object: only one object is held at a time. `count` must
 * be the number of objects that come; a delta's base must have come before it.
 */
export async function* packBytes(count: number, objects: AsyncIterable<PackObject>): AsyncGenerator<Buffer> {
  const sum = createHash('sha1');
  const offsets = new Map<string, number>();
  let at = 0;
  const out = (bytes: Buffer): Buffer => {
    sum.update(bytes);
    at += bytes.length;
    return bytes;
  };
  const head = Buffer.alloc(12);
  head.write('PACK');
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(count, 8);
  yield out(head);
  let seen = 0;
  for await (const object of objects) {
    const begin = at;
    const kind = object.kind === 'delta' ? KIND.ofsDelta : KIND[object.kind];
    yield out(entryHead(kind, object.bytes.length));
    if (object.kind === 'delta') {
      const base = offsets.get(object.base);
      if (base === undefined) throw new Error(`the base of ${object.id} is not in the pack`);
      yield out(offsetBytes(begin - base));
    }
    yield out(await squeeze(object.bytes));
    offsets.set(object.id, begin);
    seen++;
  }
  if (seen !== count) throw new Error(`${seen} objects came, ${count} were announced`);
  yield sum.digest();
}

/** Kind in three bits and length in groups of seven, the first group of four. */
function entryHead(kind: number, length: number): Buffer {
  const out: number[] = [];
  let byte = (kind << 4) | (length % 16);
  let rest = Math.floor(length / 16);
  while (rest > 0) {
    out.push(byte | 0x80);
    byte = rest % 0x80;
    rest = Math.floor(rest / 0x80);
  }
  out.push(byte);
  return Buffer.from(out);
}

/** Distance back to a delta's base: the high groups first, each further group counts one up. */
function offsetBytes(distance: number): Buffer {
  const out = [distance % 0x80];
  let rest = Math.floor(distance / 0x80);
  while (rest > 0) {
    rest -= 1;
    out.unshift((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.from(out);
}
