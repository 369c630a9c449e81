/** Just enough of DNS messages (RFC 1035, RFC 6762) to ask, to lie and to check, independent of the code under test. */
export const TYPES = { A: 1, PTR: 12, TXT: 16, AAAA: 28, SRV: 33, ANY: 255 } as const;
export type TypeName = keyof typeof TYPES;

export interface DnsRecord {
  name: string;
  type: string;
  ttl: number;
  flush: boolean;
  data: string | string[] | { port: number; target: string };
}

export interface Message {
  isResponse: boolean;
  questions: { name: string; type: string }[];
  records: DnsRecord[];
}

export function encodeName(name: string): Buffer {
  const labels = splitName(name).map((label) => {
    const bytes = Buffer.from(label);
    return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  });
  return Buffer.concat([...labels, Buffer.from([0])]);
}

/** An instance name may hold dots of its own, escaped as `\.` (RFC 6763, section 4.3). */
function splitName(name: string): string[] {
  const labels = name.replace(/\.$/, '').match(/(?:\\.|[^.\\])+/gu) ?? [];
  return labels.map((label) => label.replaceAll(/\\(.)/gu, '$1'));
}

export function encodeQuery(name: string, type: TypeName): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(1, 4);
  return Buffer.concat([header, encodeName(name), uint16(TYPES[type]), uint16(1)]);
}

export function encodeResponse(
  records: readonly { name: string; type: TypeName; ttl: number; data: Buffer }[],
): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(0x8400, 2);
  header.writeUInt16BE(records.length, 6);
  const bodies = records.map(({ name, type, ttl, data }) => {
    const klass = type === 'PTR' ? 1 : 0x8001;
    return Buffer.concat([
      encodeName(name),
      uint16(TYPES[type]),
      uint16(klass),
      uint32(ttl),
      uint16(data.length),
      data,
    ]);
  });
  return Buffer.concat([header, ...bodies]);
}

export const rdata = {
  ptr: encodeName,
  srv: (port: number, target: string) => Buffer.concat([uint16(0), uint16(0), uint16(port), encodeName(target)]),
  txt: (strings: readonly string[]) =>
    Buffer.concat(strings.map((text) => Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]))),
  a: (address: string) => Buffer.from(address.split('.').map(Number)),
};

/** Throws on anything malformed. */
export function decode(packet: Buffer): Message {
  const counts = [4, 6, 8, 10].map((at) => packet.readUInt16BE(at));
  let at = 12;
  const questions: Message['questions'] = [];
  for (let i = 0; i < counts[0]!; i++) {
    const { name, next } = readName(packet, at);
    questions.push({ name, type: typeName(packet.readUInt16BE(next)) });
    at = next + 4;
  }
  const records: DnsRecord[] = [];
  for (let i = 0; i < counts[1]! + counts[2]! + counts[3]!; i++) {
    const { name, next } = readName(packet, at);
    const type = typeName(packet.readUInt16BE(next));
    const length = packet.readUInt16BE(next + 8);
    const from = next + 10;
    const flush = (packet.readUInt16BE(next + 2) & 0x8000) !== 0;
    records.push({ name, type, ttl: packet.readUInt32BE(next + 4), flush, data: readData(packet, type, from, length) });
    at = from + length;
  }
  return { isResponse: (packet.readUInt16BE(2) & 0x8000) !== 0, questions, records };
}

function readData(packet: Buffer, type: string, from: number, length: number): DnsRecord['data'] {
  const bytes = packet.subarray(from, from + length);
  if (type === 'PTR') return readName(packet, from).name;
  if (type === 'SRV') return { port: packet.readUInt16BE(from + 4), target: readName(packet, from + 6).name };
  if (type === 'A') return [...bytes].join('.');
  if (type !== 'TXT') return bytes.toString('hex');
  const strings: string[] = [];
  for (let at = 0; at < bytes.length; at += 1 + bytes[at]!) {
    strings.push(bytes.subarray(at + 1, at + 1 + bytes[at]!).toString());
  }
  return strings;
}

function readName(packet: Buffer, start: number): { name: string; next: number } {
  const labels: string[] = [];
  let at = start;
  let next: number | undefined;
  for (let hops = 0; hops < 64; hops++) {
    const length = packet.readUInt8(at);
    if (length === 0) return { name: `${labels.join('.')}.`, next: next ?? at + 1 };
    if (length >= 0xc0) {
      next ??= at + 2;
      at = packet.readUInt16BE(at) & 0x3fff;
    } else {
      labels.push(
        packet
          .subarray(at + 1, at + 1 + length)
          .toString()
          .replaceAll('.', '\\.'),
      );
      at += 1 + length;
    }
  }
  throw new Error('a name without end');
}

function typeName(type: number): string {
  return Object.entries(TYPES).find(([, number]) => number === type)?.[0] ?? String(type);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
