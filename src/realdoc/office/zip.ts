import { crc32, inflateRawSync } from 'node:zlib';
import { refused } from './refused.ts';
import { endOf, fieldsOf, localFieldsOf, type ZipFields } from './zip-records.ts';

export interface ZipLimits {
  entries: number;
  /** Inflated bytes of one entry, and of all of them. */
  entryBytes: number;
  totalBytes: number;
  /** Inflated to compressed size, for entries over a megabyte. Deflate itself ends at about 1,030. */
  ratio: number;
  /** Bytes of no entry: a program that unpacks, before the archive; paddings. */
  gapBytes: number;
}

export const ZIP_LIMITS: ZipLimits = {
  entries: 10_000,
  entryBytes: 128 * 1024 * 1024,
  totalBytes: 512 * 1024 * 1024,
  ratio: 250,
  gapBytes: 1024 * 1024,
};

const SMALL = 1024 * 1024;
const STORED = 0;
const DEFLATED = 8;

/** One entry of an archive, by the bytes of the file it stands on. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly size: number;
  readonly crc: number;
  /** First byte of the local header, of the compressed data, after the data, and after a data descriptor. */
  readonly local: number;
  readonly data: number;
  readonly dataEnd: number;
  readonly end: number;
  /** The header in the central directory. */
  readonly central: number;
  readonly centralEnd: number;
}

export interface ZipDirectory {
  /** By their place in the file. */
  readonly entries: readonly ZipEntry[];
  /** Where the central directory begins, and where it ends. */
  readonly central: number;
  readonly tail: number;
}

/**
 * Reads the central directory and checks it against the local headers. A name, a method, a size or a checksum that is
 * not told the same way twice is refused (DOC_PARSE_REFUSED): what two readers of an archive may read differently is not for us to edit.
 */
export function readZip(file: Buffer, limits: ZipLimits = ZIP_LIMITS): ZipDirectory {
  const { entries: count, central, tail } = endOf(file);
  if (count > limits.entries) throw refused('too many entries', { limit: limits.entries });
  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  let at = central;
  for (let i = 0; i < count; i++) {
    const fields = fieldsOf(file, at, tail);
    const entry = located(file, fields, at, central);
    at += fields.length;
    checkName(entry.name);
    // Part names of packages are compared without regard to case.
    const folded = entry.name.toLowerCase();
    if (names.has(folded)) throw refused('two entries with one name', { part: entry.name });
    names.add(folded);
    checkSizes(entry, limits);
    entries.push(entry);
  }
  if (at !== tail) throw refused('its central directory is not as long as it says');
  entries.sort((a, b) => a.local - b.local);
  checkRoom(entries, central, limits);
  const total = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (total > limits.totalBytes) throw refused('too large when inflated', { limit: limits.totalBytes });
  return { entries, central, tail };
}

/** The content of one entry, no longer than it says, with the checksum it says. */
export function inflateEntry(file: Buffer, entry: ZipEntry): Buffer {
  const raw = file.subarray(entry.data, entry.dataEnd);
  let content: Buffer;
  if (entry.method === STORED) content = raw;
  else {
    try {
      const whole = inflateRawSync(raw, { maxOutputLength: Math.max(1, entry.size), info: true });
      const { buffer, engine } = whole as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
      if (engine.bytesWritten !== raw.length) throw new Error('bytes after the end');
      content = buffer;
    } catch {
      throw refused('broken or longer than it says', { part: entry.name });
    }
  }
  if (content.length !== entry.size) throw refused('not as long as it says', { part: entry.name });
  if (crc32(content) !== entry.crc) throw refused('wrong checksum', { part: entry.name });
  return content;
}

function located(file: Buffer, fields: ZipFields, centralAt: number, central: number): ZipEntry {
  const { offset, compressed, size, crc, method, flags } = fields;
  const name = nameOf(fields.name);
  if (flags & 0x2041) throw refused('encrypted', { part: name });
  if (method !== STORED && method !== DEFLATED) throw refused('an unknown compression', { part: name });
  if (method === STORED && compressed !== size) throw refused('not as long as it says', { part: name });
  if (offset + 30 > central || file.readUInt32LE(offset) !== 0x04034b50) {
    throw refused('an entry is not where the directory says', { part: name });
  }
  const data = offset + 30 + file.readUInt16LE(offset + 26) + file.readUInt16LE(offset + 28);
  const localName = file.subarray(offset + 30, offset + 30 + file.readUInt16LE(offset + 26));
  const isSame =
    localName.equals(fields.name) &&
    file.readUInt16LE(offset + 8) === method &&
    (file.readUInt16LE(offset + 6) & 0x2049) === (flags & 0x2049);
  if (!isSame) throw refused('told in two ways', { part: name });
  const dataEnd = data + compressed;
  if (dataEnd > central) throw refused('reaches into the central directory', { part: name });
  const hasDescriptor = (flags & 8) !== 0;
  const end = hasDescriptor ? dataEnd + descriptorLength(file, dataEnd, fields) : dataEnd;
  if (end === dataEnd) {
    // Without a descriptor an edit writes its numbers here. A flag for one that is not there leaves them at nought.
    const local = localFieldsOf(file.subarray(offset, data));
    const isSaid = local.crc === crc && local.size === size && local.compressed === compressed;
    const isLeft = hasDescriptor && local.crc === 0 && local.size === 0 && local.compressed === 0;
    if (!isSaid && !isLeft) throw refused('told in two ways', { part: name });
  }
  const centralEnd = centralAt + fields.length;
  return { name, method, size, crc, local: offset, data, dataEnd, end, central: centralAt, centralEnd };
}

/** A data descriptor comes with or without a signature, with sizes of four or of eight bytes. 0: there is none. */
function descriptorLength(file: Buffer, at: number, { crc, size }: ZipFields): number {
  const isAt = (from: number): boolean => from + 8 <= file.length && file.readUInt32LE(from) === crc;
  const sizeAt = (from: number, wide: boolean): boolean =>
    from + (wide ? 8 : 4) <= file.length &&
    (wide ? file.readBigUInt64LE(from) === BigInt(size) : file.readUInt32LE(from) === size);
  const isSigned = at + 4 <= file.length && file.readUInt32LE(at) === 0x08074b50;
  for (const signature of isSigned ? [4, 0] : [0]) {
    if (!isAt(at + signature)) continue;
    if (sizeAt(at + signature + 8, false)) return signature + 12;
    if (sizeAt(at + signature + 12, true)) return signature + 20;
  }
  return 0;
}

function nameOf(bytes: Buffer): string {
  const utf8 = bytes.toString('utf8');
  return Buffer.from(utf8).equals(bytes) ? utf8 : bytes.toString('latin1');
}

/** Nothing is ever unpacked to a disk; such names are refused because other programs do. */
function checkName(name: string): void {
  const isBad = /^(?:[/\\]|[a-z]:)|[\\\0]|(?:^|\/)\.{1,2}(?:\/|$)/i.test(name) || name === '';
  if (isBad) throw refused('a name that leads out of the package', { part: name.slice(0, 200) });
}

function checkSizes({ name, size, data, dataEnd }: ZipEntry, limits: ZipLimits): void {
  if (size > limits.entryBytes) throw refused('too large when inflated', { part: name, limit: limits.entryBytes });
  if (size > SMALL && size > (dataEnd - data) * limits.ratio) {
    throw refused('inflates too much', { part: name, limit: limits.ratio });
  }
}

function checkRoom(entries: readonly ZipEntry[], central: number, limits: ZipLimits): void {
  let at = 0;
  let gaps = 0;
  for (const entry of entries) {
    if (entry.local < at) throw refused('two entries share bytes', { part: entry.name });
    gaps += entry.local - at;
    at = entry.end;
  }
  if (at > central) throw refused('an entry reaches into the central directory');
  gaps += central - at;
  if (gaps > limits.gapBytes) throw refused('too many bytes of no entry', { limit: limits.gapBytes });
}
