import { refused } from './refused.ts';

const WIDE_32 = 0xffffffff;
const WIDE_16 = 0xffff;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const END_BYTES = 22;
const LOCATOR_BYTES = 20;

/** A header of the central directory, with what zip64 says in its extra field. */
export interface ZipFields {
  readonly name: Buffer;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
  readonly offset: number;
  /** Of the whole header. */
  readonly length: number;
}

/** Where the central directory is. `tail` is where it ends and the end records begin. */
export function endOf(file: Buffer): { entries: number; central: number; tail: number } {
  const at = findEnd(file);
  const entries = file.readUInt16LE(at + 10);
  const size = file.readUInt32LE(at + 12);
  const central = file.readUInt32LE(at + 16);
  const isOneDisk = file.readUInt16LE(at + 4) === 0 && file.readUInt16LE(at + 6) === 0;
  const locator = at - LOCATOR_BYTES;
  const isWide = locator >= 0 && file.readUInt32LE(locator) === LOCATOR_64;
  if (!isWide) {
    if (!isOneDisk || file.readUInt16LE(at + 8) !== entries) throw refused('it is one part of several');
    if (central + size !== at) throw refused('its central directory is not where the end says');
    return { entries, central, tail: at };
  }
  const wideAt = safe(file.readBigUInt64LE(locator + 8));
  if (wideAt + 56 > locator || file.readUInt32LE(wideAt) !== END_64) {
    throw refused('its zip64 end is not where it says');
  }
  const wide = {
    entries: safe(file.readBigUInt64LE(wideAt + 32)),
    size: safe(file.readBigUInt64LE(wideAt + 40)),
    central: safe(file.readBigUInt64LE(wideAt + 48)),
  };
  const isSame =
    (entries === WIDE_16 || entries === wide.entries) &&
    (size === WIDE_32 || size === wide.size) &&
    (central === WIDE_32 || central === wide.central);
  if (!isSame) throw refused('it has two ends that differ');
  if (wide.central + wide.size !== wideAt || safe(file.readBigUInt64LE(wideAt + 4)) + 12 !== locator - wideAt) {
    throw refused('its central directory is not where the end says');
  }
  return { entries: wide.entries, central: wide.central, tail: wideAt };
}

function findEnd(file: Buffer): number {
  const lowest = Math.max(0, file.length - END_BYTES - WIDE_16);
  for (let at = file.length - END_BYTES; at >= lowest; at--) {
    if (file.readUInt32LE(at) === END && at + END_BYTES + file.readUInt16LE(at + 20) === file.length) return at;
  }
  throw refused('it has no end: cut off or not a package');
}

/** The header at `at`, which must end before `limit`. */
export function fieldsOf(file: Buffer, at: number, limit: number): ZipFields {
  if (at + 46 > limit || file.readUInt32LE(at) !== CENTRAL) throw refused('its central directory is broken');
  const nameLength = file.readUInt16LE(at + 28);
  const extraLength = file.readUInt16LE(at + 30);
  const length = 46 + nameLength + extraLength + file.readUInt16LE(at + 32);
  if (at + length > limit) throw refused('its central directory is broken');
  const extraAt = at + 46 + nameLength;
  const wide = wideFields(file.subarray(at, at + length), extraAt - at, extraLength, CENTRAL_FIELDS);
  return {
    name: file.subarray(at + 46, extraAt),
    flags: file.readUInt16LE(at + 8),
    method: file.readUInt16LE(at + 10),
    crc: file.readUInt32LE(at + 16),
    compressed: wide.compressed ?? file.readUInt32LE(at + 20),
    size: wide.size ?? file.readUInt32LE(at + 24),
    offset: wide.offset ?? file.readUInt32LE(at + 42),
    length,
  };
}

/** What a local header says of its content; `header` ends where the content begins. */
export function localFieldsOf(header: Buffer): { crc: number; size: number; compressed: number } {
  const wide = wideFields(header, 30 + header.readUInt16LE(26), header.readUInt16LE(28), LOCAL_FIELDS);
  const crc = header.readUInt32LE(14);
  return {
    crc,
    size: wide.size ?? header.readUInt32LE(22),
    compressed: wide.compressed ?? header.readUInt32LE(18),
  };
}

function wideFields(
  header: Buffer,
  extraAt: number,
  extraLength: number,
  fields: NarrowFields,
): Partial<Record<WideField, number>> {
  const places = widePlaces(header, extraAt, extraLength, fields);
  const out: Partial<Record<WideField, number>> = {};
  for (const { field, at } of places) out[field] = safe(header.readBigUInt64LE(at));
  return out;
}

type WideField = 'size' | 'compressed' | 'offset';
type NarrowFields = readonly { field: WideField; at: number }[];

/** In the order in which the extra field of zip64 lists those that are all ones in the header. */
const CENTRAL_FIELDS: NarrowFields = [
  { field: 'size', at: 24 },
  { field: 'compressed', at: 20 },
  { field: 'offset', at: 42 },
];
const LOCAL_FIELDS: NarrowFields = [
  { field: 'size', at: 22 },
  { field: 'compressed', at: 18 },
];

function widePlaces(header: Buffer, extraAt: number, extraLength: number, fields: NarrowFields) {
  const wanted = fields.filter(({ at }) => header.readUInt32LE(at) === WIDE_32);
  if (wanted.length === 0) return [];
  for (let at = extraAt; at + 4 <= extraAt + extraLength; at += 4 + header.readUInt16LE(at + 2)) {
    if (header.readUInt16LE(at) !== 1) continue;
    const length = header.readUInt16LE(at + 2);
    if (length < 8 * wanted.length || at + 4 + length > extraAt + extraLength) break;
    return wanted.map(({ field }, i) => ({ field, at: at + 4 + i * 8 }));
  }
  throw refused('its zip64 sizes are missing');
}

/** A copy of a local or central header with other numbers in it; everything else stays as it was written. */
export function patchHeader(
  header: Buffer,
  kind: 'local' | 'central',
  values: { crc?: number; size?: number; compressed?: number; offset?: number },
): Buffer {
  const out = Buffer.from(header);
  const isLocal = kind === 'local';
  const [crcAt, nameAt, fixed] = isLocal ? [14, 26, 30] : [16, 28, 46];
  const fields = isLocal ? LOCAL_FIELDS : CENTRAL_FIELDS;
  const nameLength = out.readUInt16LE(nameAt);
  const wide = widePlaces(out, fixed + nameLength, out.readUInt16LE(nameAt + 2), fields);
  if (values.crc !== undefined) out.writeUInt32LE(values.crc, crcAt);
  for (const { field, at } of fields) {
    const value = values[field];
    if (value === undefined) continue;
    const place = wide.find((w) => w.field === field);
    if (place) out.writeBigUInt64LE(BigInt(value), place.at);
    else out.writeUInt32LE(value, at);
  }
  return out;
}

/** The descriptor of an entry whose content changed, in the form that it had. */
export function patchDescriptor(descriptor: Buffer, values: { crc: number; size: number; compressed: number }): Buffer {
  const out = Buffer.from(descriptor);
  const isWide = out.length >= 20;
  const at = out.length === 16 || out.length === 24 ? 4 : 0;
  out.writeUInt32LE(values.crc, at);
  if (isWide) {
    out.writeBigUInt64LE(BigInt(values.compressed), at + 4);
    out.writeBigUInt64LE(BigInt(values.size), at + 12);
  } else {
    out.writeUInt32LE(values.compressed, at + 4);
    out.writeUInt32LE(values.size, at + 8);
  }
  return out;
}

/** The records after the central directory, for a directory that moved. The number of entries is as it was. */
export function patchTail(tail: Buffer, central: number, size: number): Buffer {
  const out = Buffer.from(tail);
  const isWide = out.readUInt32LE(0) === END_64;
  let at = 0;
  if (isWide) {
    out.writeBigUInt64LE(BigInt(size), 40);
    out.writeBigUInt64LE(BigInt(central), 48);
    const locator = safe(out.readBigUInt64LE(4)) + 12;
    out.writeBigUInt64LE(BigInt(central + size), locator + 8);
    at = locator + LOCATOR_BYTES;
  }
  if (!isWide || out.readUInt32LE(at + 12) !== WIDE_32) out.writeUInt32LE(size, at + 12);
  if (!isWide || out.readUInt32LE(at + 16) !== WIDE_32) out.writeUInt32LE(central, at + 16);
  return out;
}

function safe(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw refused('a number without sense');
  return Number(value);
}
