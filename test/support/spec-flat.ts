import { crc32, deflateRawSync } from 'node:zlib';

interface Line {
  size: number;
  crc: number;
  method: number;
  raw: number;
  order?: number;
  [binary: string]: unknown;
}

const ONES = 0xffffffff;

/** The file of a flat form, written from `docs/reference/storage-format.md` alone. */
export function fileOfFlat(flat: Buffer): Buffer {
  let at = flat.indexOf('\n') + 1;
  const line = (mark: string): Line => {
    const end = flat.indexOf('\n', at);
    const json = flat.toString('utf8', at + mark.length, end);
    at = end + 1;
    return JSON.parse(json);
  };
  const isAt = (mark: string): boolean => flat.toString('latin1', at, at + mark.length) === mark;
  const binary = (base64: unknown): Buffer => Buffer.from((base64 as string | undefined) ?? '', 'base64');
  const pieces: Buffer[] = [];
  const directory: { place: number; header: Buffer }[] = [];
  const length = (): number => pieces.reduce((sum, piece) => sum + piece.length, 0);
  while (isAt('\0entry ')) {
    const entry = line('\0entry ');
    let content = flat.subarray(at, at + entry.raw);
    at += entry.raw;
    let [local, central, descriptor] = [entry['local'], entry['central'], entry['descriptor']].map(binary) as Buffer[];
    pieces.push(binary(entry['gap']));
    const offset = length();
    if (isAt('\0text\n')) {
      const end = flat.indexOf(0, at + 6);
      const text = flat.subarray(at + 6, end);
      at = end;
      if (text.length !== entry.size || crc32(text) !== entry.crc) {
        content = entry.method === 8 ? deflateRawSync(text) : text;
        const now = [crc32(text), content.length, text.length];
        const old = [entry.crc, entry.raw, entry.size];
        const isTold = old.every((n, i) => local!.readUInt32LE(14 + i * 4) === n);
        if (descriptor!.length === 0 || isTold) local = withNumbers(local!, 14, 30, now);
        if (descriptor!.length > 0) descriptor = descriptorOf(descriptor!, now);
        central = withNumbers(central!, 16, 46, now);
      }
    }
    const place = entry.order ?? directory.length;
    directory.push({ place, header: withOffset(central!, offset) });
    pieces.push(local!, content, descriptor!);
  }
  const tail = line('\0tail ');
  pieces.push(binary(tail['gap']));
  const headers = Buffer.concat(directory.sort((a, b) => a.place - b.place).map(({ header }) => header));
  const records = binary(tail['records']);
  // The trials have no zip64 end.
  records.writeUInt32LE(headers.length, 12);
  records.writeUInt32LE(length(), 16);
  return Buffer.concat([...pieces, headers, records]);
}

/** Checksum, compressed size and size from `at`; of a size that is all ones, in the zip64 field: the size comes first. */
function withNumbers(header: Buffer, at: number, fixed: number, [crc, compressed, size]: number[]): Buffer {
  const out = Buffer.from(header);
  const field = wideAt(out, fixed);
  out.writeUInt32LE(crc!, at);
  for (const [i, value] of [compressed!, size!].entries()) {
    if (out.readUInt32LE(at + 4 + i * 4) !== ONES) out.writeUInt32LE(value, at + 4 + i * 4);
    else out.writeBigUInt64LE(BigInt(value), field + (i === 0 ? 8 : 0));
  }
  return out;
}

function withOffset(header: Buffer, offset: number): Buffer {
  const out = Buffer.from(header);
  if (out.readUInt32LE(42) !== ONES) out.writeUInt32LE(offset, 42);
  else out.writeBigUInt64LE(BigInt(offset), wideAt(out, 46) + 16);
  return out;
}

/** The trials have no other extra field than that of zip64. */
function wideAt(header: Buffer, fixed: number): number {
  return fixed + header.readUInt16LE(fixed === 30 ? 26 : 28) + 4;
}

function descriptorOf(old: Buffer, [crc, compressed, size]: number[]): Buffer {
  const out = Buffer.from(old);
  const at = out.length === 16 || out.length === 24 ? 4 : 0;
  out.writeUInt32LE(crc!, at);
  for (const [i, value] of [compressed!, size!].entries()) {
    if (out.length >= 20) out.writeBigUInt64LE(BigInt(value), at + 4 + i * 8);
    else out.writeUInt32LE(value, at + 4 + i * 4);
  }
  return out;
}
