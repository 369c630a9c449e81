import { readFile } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;

/**
 * The bytes of one member of a zip file (APPNOTE 4.3), found by name. Nothing is unpacked to disk, imported or run.
 * Throws when the file is not a whole zip or has no such member. Zip64 is not read: the parts are 50 MB.
 */
export async function zipMember(path: string, name: string): Promise<Uint8Array> {
  const zip = await readFile(path);
  try {
    return memberOf(zip, name);
  } catch (error) {
    if (error instanceof RangeError) throw new Error('the archive is damaged', { cause: error });
    throw error;
  }
}

function memberOf(zip: Buffer, name: string): Uint8Array {
  // The end record is the last 22 bytes, before a comment of at most 65,535.
  let end = zip.length - 22;
  while (end >= 0 && zip.readUInt32LE(end) !== END) end--;
  if (end < 0) throw new Error('the archive is not whole');
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    if (zip.readUInt32LE(at) !== ENTRY) throw new Error('the archive is damaged');
    const nameEnd = at + 46 + zip.readUInt16LE(at + 28);
    if (zip.toString('utf8', at + 46, nameEnd) === name) return contentOf(zip, at);
    at = nameEnd + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`the archive has no ${name}`);
}

function contentOf(zip: Buffer, entry: number): Uint8Array {
  const method = zip.readUInt16LE(entry + 10);
  const packed = zip.readUInt32LE(entry + 20);
  const bytes = zip.readUInt32LE(entry + 24);
  const local = zip.readUInt32LE(entry + 42);
  if (zip.readUInt32LE(local) !== LOCAL) throw new Error('the archive is damaged');
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const body = zip.subarray(start, start + packed);
  if (body.length !== packed) throw new Error('the archive is not whole');
  if (method === 0) return body;
  if (method !== 8) throw new Error(`the archive packs by method ${method}`);
  try {
    return inflateRawSync(body, { maxOutputLength: Math.max(1, bytes) });
  } catch (error) {
    throw new Error('the archive is damaged', { cause: error });
  }
}
