import { inflateRawSync } from 'node:zlib';

/** One entry of an archive, read without the code under test. */
export interface PlainEntry {
  name: string;
  /** Compressed bytes as they stand. */
  raw: Buffer;
  content(): Buffer;
}

/** Entries in the order of the central directory. Throws for what is no plain zip archive. */
export function readPlainZip(file: Buffer): PlainEntry[] {
  const end = file.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0) throw new Error('no zip archive');
  const count = file.readUInt16LE(end + 10);
  const out: PlainEntry[] = [];
  let at = file.readUInt32LE(end + 16);
  for (let i = 0; i < count; i++) {
    if (file.readUInt32LE(at) !== 0x02014b50) throw new Error('no central directory');
    const method = file.readUInt16LE(at + 10);
    const size = file.readUInt32LE(at + 20);
    const [name, extra, comment] = [file.readUInt16LE(at + 28), file.readUInt16LE(at + 30), file.readUInt16LE(at + 32)];
    const local = file.readUInt32LE(at + 42);
    const data = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
    const raw = file.subarray(data, data + size);
    const content = (): Buffer => (method === 0 ? raw : inflateRawSync(raw));
    out.push({ name: file.toString('utf8', at + 46, at + 46 + name), raw, content });
    at += 46 + name + extra + comment;
  }
  return out;
}
