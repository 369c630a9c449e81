import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipItem {
  name: string;
  content: Buffer | string;
  stored?: boolean;
  /** Sizes after the content: none in the header, as streaming writers do. */
  descriptor?: 'signed' | 'bare';
  /** In the header as well, where there is a descriptor. */
  told?: true;
  /** Sizes and offset in an extra field of eight bytes each. */
  zip64?: boolean;
  /** What the headers say instead of the truth. */
  lies?: {
    crc?: number;
    size?: number;
    offset?: number;
    localName?: string;
    localSize?: number;
    method?: number;
    flags?: number;
  };
  comment?: string;
}

/** A zip archive as some writer would make it, lies included. */
export function zipOf(
  items: readonly ZipItem[],
  o: { prefix?: Buffer; comment?: string; reversed?: boolean } = {},
): Buffer {
  const pieces: Buffer[] = [o.prefix ?? Buffer.alloc(0)];
  const central: Buffer[] = [];
  let at = pieces[0]!.length;
  for (const item of items) {
    const { local, header } = entryOf(item, at);
    pieces.push(local);
    central.push(header);
    at += local.length;
  }
  if (o.reversed) central.reverse();
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(items.length & 0xffff, 8);
  end.writeUInt16LE(items.length & 0xffff, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  const comment = Buffer.from(o.comment ?? '');
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...pieces, directory, end, comment]);
}

function entryOf(item: ZipItem, offset: number): { local: Buffer; header: Buffer } {
  const content = Buffer.from(item.content);
  const data = item.stored ? content : deflateRawSync(content);
  const lies = item.lies ?? {};
  const crc = lies.crc ?? crc32(content);
  const size = lies.size ?? content.length;
  const method = lies.method ?? (item.stored ? 0 : 8);
  const flags = (lies.flags ?? 0) | (item.descriptor ? 8 : 0);
  const comment = Buffer.from(item.comment ?? '');
  const name = Buffer.from(item.name);
  const localName = Buffer.from(lies.localName ?? item.name);
  const wide = (values: number[]): Buffer => {
    const extra = Buffer.alloc(4 + values.length * 8);
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(values.length * 8, 2);
    for (const [i, value] of values.entries()) extra.writeBigUInt64LE(BigInt(value), 4 + i * 8);
    return extra;
  };
  const there = lies.offset ?? offset;
  const localExtra = item.zip64 && !item.descriptor ? wide([size, data.length]) : Buffer.alloc(0);
  const centralExtra = item.zip64 ? wide([size, data.length, there]) : Buffer.alloc(0);

  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(20, 4);
  local.writeUInt16LE(flags, 6);
  local.writeUInt16LE(method, 8);
  local.writeUInt32LE(0x5a6b7c8d, 10);
  if (!item.descriptor || item.told) {
    local.writeUInt32LE(crc, 14);
    local.writeUInt32LE(item.zip64 ? 0xffffffff : data.length, 18);
    local.writeUInt32LE(lies.localSize ?? (item.zip64 ? 0xffffffff : size), 22);
  }
  local.writeUInt16LE(localName.length, 26);
  local.writeUInt16LE(localExtra.length, 28);

  const descriptor = Buffer.alloc(item.descriptor === 'signed' ? 16 : item.descriptor ? 12 : 0);
  if (descriptor.length === 16) descriptor.writeUInt32LE(0x08074b50, 0);
  if (item.descriptor) {
    const from = descriptor.length - 12;
    descriptor.writeUInt32LE(crc, from);
    descriptor.writeUInt32LE(data.length, from + 4);
    descriptor.writeUInt32LE(size, from + 8);
  }

  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(20, 6);
  header.writeUInt16LE(flags, 8);
  header.writeUInt16LE(method, 10);
  header.writeUInt32LE(0x5a6b7c8d, 12);
  header.writeUInt32LE(crc, 16);
  header.writeUInt32LE(item.zip64 ? 0xffffffff : data.length, 20);
  header.writeUInt32LE(item.zip64 ? 0xffffffff : size, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(centralExtra.length, 30);
  header.writeUInt16LE(comment.length, 32);
  header.writeUInt32LE(item.zip64 ? 0xffffffff : there, 42);
  return {
    local: Buffer.concat([local, localName, localExtra, data, descriptor]),
    header: Buffer.concat([header, name, centralExtra, comment]),
  };
}
