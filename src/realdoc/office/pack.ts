import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';
import type { FlatEntry, FlatIndex, FlatSource } from './flat.ts';
import { patchDescriptor, patchHeader, patchTail } from './zip-records.ts';

const deflate = promisify(deflateRaw);
const PIECE = 1024 * 1024;

/**
 * Writes the package of a flat form, piece by piece: a writer and no parser. What nobody edited is copied, compressed
 * bytes, headers, order and all, so an unedited flat form gives the very file it came from.
 */
export async function* packFlat(flat: FlatSource, index: FlatIndex): AsyncGenerator<Buffer> {
  const headers: { header: Buffer; order: number }[] = [];
  let at = 0;
  for (const [i, entry] of index.entries.entries()) {
    const gap = binary(entry.gap);
    const offset = at + gap.length;
    const content = await contentOf(flat, entry);
    const local = content ? editedLocal(entry, content) : binary(entry.local);
    const descriptor = binary(entry.descriptor);
    const end = content && descriptor.length > 0 ? patchDescriptor(descriptor, content) : descriptor;
    yield gap;
    yield local;
    if (content) yield content.bytes;
    else for (let from = 0; from < entry.raw; from += PIECE) yield piece(flat, entry, from);
    yield end;
    const { crc, size, compressed } = content ?? { crc: undefined, size: undefined, compressed: undefined };
    const values = crc === undefined ? { offset } : { offset, crc, size, compressed };
    headers.push({ header: patchHeader(binary(entry.central), 'central', values), order: entry.order ?? i });
    at = offset + local.length + (content?.compressed ?? entry.raw) + end.length;
  }
  const gap = binary(index.tail.gap);
  yield gap;
  const central = Buffer.concat(headers.toSorted((a, b) => a.order - b.order).map(({ header }) => header));
  yield central;
  yield patchTail(binary(index.tail.records), at + gap.length, central.length);
}

interface Content {
  bytes: Buffer;
  crc: number;
  size: number;
  compressed: number;
}

/** New content of an entry, or `undefined` where the text is still that of the compressed bytes. */
async function contentOf(flat: FlatSource, entry: FlatEntry): Promise<Content | undefined> {
  if (!entry.text) return undefined;
  const text = flat.slice(entry.text.from, entry.text.to);
  const crc = crc32(text);
  if (text.length === entry.size && crc === entry.crc) return undefined;
  const bytes = entry.method === 0 ? text : await deflate(text);
  return { bytes, crc, size: text.length, compressed: bytes.length };
}

/** With a descriptor after the content, the header before it holds no numbers; where it does, they change too. */
function editedLocal(entry: FlatEntry, { crc, size, compressed }: Content): Buffer {
  const local = binary(entry.local);
  const told = [entry.crc, entry.raw, entry.size];
  const isSaid = entry.descriptor === undefined || told.every((n, i) => local.readUInt32LE(14 + i * 4) === n);
  return isSaid ? patchHeader(local, 'local', { crc, size, compressed }) : local;
}

function piece(flat: FlatSource, entry: FlatEntry, from: number): Buffer {
  return flat.slice(entry.rawAt + from, entry.rawAt + Math.min(entry.raw, from + PIECE));
}

function binary(base64: string | undefined): Buffer {
  return Buffer.from(base64 ?? '', 'base64');
}
