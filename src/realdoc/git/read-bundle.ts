import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { Pace } from '../pace.ts';
import { applyDelta, BadDelta } from './delta.ts';
import { idOf, KIND, type ObjectKind } from './objects.ts';

/** Why a bundle from outside is refused, in words for a person. */
export class BadBundle extends Error {}

export interface PackLimits {
  objects: number;
  /** One object, inflated. */
  objectBytes: number;
  /** All objects as they lie in the pack, inflated. */
  totalBytes: number;
  /** All objects with their deltas applied: the work that opening it may be. */
  textBytes: number;
}

export interface OpenBundle {
  refs: Map<string, string>;
  /** Throws BadBundle for an object that is not in it. */
  object(id: string, kind: ObjectKind): Buffer;
}

/** Where an object lies in the pack; its bytes are inflated when they are asked for. */
interface Entry {
  kind: number;
  at: number;
  length: number;
  /** Offset or id of what a delta is against. */
  base: number | string | undefined;
}

const KINDS: Record<number, ObjectKind> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' };
/** Digested at once: a few milliseconds. */
const PIECE_BYTES = 4 * 1024 * 1024;
/** Whole objects kept at hand while a history is read. */
const CACHE_BYTES = 64 * 1024 * 1024;

/**
 * Opens a git bundle (versions 2 and 3 with SHA-1) that holds a whole history. It comes from outside: every length is
 * checked before it is believed, inflating is bounded, and the trailing digest must fit. Throws BadBundle, and what the signal was
 * aborted with.
 */
export async function openBundle(file: Buffer, limits: PackLimits, signal?: AbortSignal): Promise<OpenBundle> {
  const pace = new Pace(signal);
  const { refs, pack } = headOf(file);
  if (pack.length < 32 || pack.toString('latin1', 0, 4) !== 'PACK') throw new BadBundle('there is no pack in it');
  const end = pack.length - 20;
  if (!(await digestOf(pack.subarray(0, end), pace)).equals(pack.subarray(end))) {
    throw new BadBundle('it is damaged: its digest does not fit');
  }
  const count = pack.readUInt32BE(8);
  if (pack.readUInt32BE(4) !== 2) throw new BadBundle('a pack of an unknown version');
  if (count > limits.objects) throw new BadBundle(`more than ${limits.objects} objects`);
  const entries = new Map<number, Entry>();
  let at = 12;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const begin = at;
    const entry = entryAt(pack, at, end, limits.objectBytes);
    const { body, used } = inflateAt(pack.subarray(entry.at, end), entry.length);
    at = entry.at + used;
    total += body.length;
    if (total > limits.totalBytes) throw new BadBundle(`more than ${limits.totalBytes} bytes of objects`);
    entries.set(begin, entry);
    if (pace.isDue) await pace.turn();
  }
  const index = await indexed(pack, entries, limits, pace);
  const cache = new Map<number, Buffer>();
  let cached = 0;
  const bytesAt = (offset: number): Buffer => {
    const held = cache.get(offset);
    if (held) return held;
    // The chain of deltas down to a whole object, then up again.
    const chain: number[] = [];
    let bytes: Buffer | undefined;
    for (let below: number | undefined = offset; below !== undefined && !bytes; ) {
      bytes = cache.get(below);
      if (bytes) break;
      chain.push(below);
      below = index.baseOf.get(below);
    }
    for (const each of chain.reverse()) {
      const body = bodyOf(pack, entries.get(each)!);
      bytes = bytes ? deltaApplied(bytes, body, limits.objectBytes) : body;
    }
    cache.set(offset, bytes!);
    cached += bytes!.length;
    for (const [old, value] of cache) {
      if (cached <= CACHE_BYTES || old === offset) break;
      cache.delete(old);
      cached -= value.length;
    }
    return bytes!;
  };
  return {
    refs,
    object: (id, kind) => {
      const found = index.byId.get(id);
      if (found?.kind !== kind) throw new BadBundle(`the ${kind} ${id} is not in it`);
      return bytesAt(found.offset);
    },
  };
}

async function digestOf(bytes: Buffer, pace: Pace): Promise<Buffer> {
  const sum = createHash('sha1');
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    sum.update(bytes.subarray(at, at + PIECE_BYTES));
    if (pace.isDue) await pace.turn();
  }
  return sum.digest();
}

function headOf(file: Buffer): { refs: Map<string, string>; pack: Buffer } {
  const refs = new Map<string, string>();
  let at = 0;
  const line = (): string => {
    const end = file.indexOf(10, at);
    if (end < 0 || end - at > 4096) throw new BadBundle('it does not begin as a git bundle does');
    const text = file.toString('utf8', at, end);
    at = end + 1;
    return text;
  };
  if (!['# v2 git bundle', '# v3 git bundle'].includes(line())) {
    throw new BadBundle('it does not begin as a git bundle does');
  }
  for (let text = line(); text !== ''; text = line()) {
    if (text.startsWith('@object-format=') && text !== '@object-format=sha1')
      throw new BadBundle('its ids are no SHA-1');
    if (text.startsWith('@filter')) throw new BadBundle('objects were left out of it');
    if (text.startsWith('@')) continue;
    if (text.startsWith('-')) throw new BadBundle('it needs commits that are not in it; make it with --all');
    const ref = /^([0-9a-f]{40}) (\S+)$/.exec(text);
    if (!ref) throw new BadBundle('a reference in it cannot be read');
    refs.set(ref[2]!, ref[1]!);
  }
  return { refs, pack: file.subarray(at) };
}

function entryAt(pack: Buffer, from: number, end: number, maxBytes: number): Entry {
  let at = from;
  const next = (): number => {
    if (at >= end) throw new BadBundle('it ends too early');
    return pack[at++]!;
  };
  let byte = next();
  const kind = (byte >> 4) & 7;
  let length = byte & 15;
  for (let scale = 16; byte & 0x80; scale *= 128) {
    byte = next();
    length += (byte & 0x7f) * scale;
    if (length > maxBytes) throw new BadBundle(`an object of more than ${maxBytes} bytes`);
  }
  let base: number | string | undefined;
  if (kind === KIND.ofsDelta) {
    let group = next();
    let distance = group & 0x7f;
    while (group & 0x80) {
      group = next();
      distance = (distance + 1) * 128 + (group & 0x7f);
      if (distance > pack.length) throw new BadBundle('a delta against nothing');
    }
    base = from - distance;
  } else if (kind === KIND.refDelta) {
    base = pack.toString('hex', at, at + 20);
    at += 20;
  } else if (!(kind in KINDS)) throw new BadBundle('an object of an unknown kind');
  return { kind, at, length, base };
}

function inflateAt(bytes: Buffer, length: number): { body: Buffer; used: number } {
  try {
    // One byte of room more than announced: what inflates to more is a lie and throws.
    const done = inflateSync(bytes, { maxOutputLength: length + 1, info: true }) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    if (done.buffer.length !== length) throw new BadBundle('an object has another length than it says');
    return { body: done.buffer, used: done.engine.bytesWritten };
  } catch (error) {
    if (error instanceof BadBundle) throw error;
    throw new BadBundle('an object cannot be inflated');
  }
}

function bodyOf(pack: Buffer, entry: Entry): Buffer {
  return inflateAt(pack.subarray(entry.at, pack.length - 20), entry.length).body;
}

interface Index {
  byId: Map<string, { offset: number; kind: ObjectKind }>;
  /** For a delta: where its base lies. */
  baseOf: Map<number, number>;
}

/**
 * Tells every object by its id. From each whole object the deltas upon it are followed, so only one chain of texts is
 * held at a time.
 */
async function indexed(
  pack: Buffer,
  entries: ReadonlyMap<number, Entry>,
  limits: PackLimits,
  pace: Pace,
): Promise<Index> {
  const index: Index = { byId: new Map(), baseOf: new Map() };
  const upon = new Map<number | string, number[]>();
  let whole = 0;
  for (const [offset, { base }] of entries) {
    if (base === undefined) whole++;
    else if (!upon.get(base)?.push(offset)) upon.set(base, [offset]);
    if (pace.isDue) await pace.turn();
  }
  let hashed = 0;
  for (const [offset, entry] of entries) {
    const kind = KINDS[entry.kind];
    if (kind === undefined) continue;
    const stack = [{ offset, bytes: bodyOf(pack, entry) }];
    for (let next = stack.pop(); next; next = stack.pop()) {
      const id = idOf(kind, next.bytes);
      index.byId.set(id, { offset: next.offset, kind });
      hashed += next.bytes.length;
      if (hashed > limits.textBytes) throw new BadBundle(`more than ${limits.textBytes} bytes of texts`);
      if (pace.isDue) await pace.turn();
      for (const delta of [...(upon.get(next.offset) ?? []), ...(upon.get(id) ?? [])]) {
        if (index.baseOf.has(delta)) continue;
        index.baseOf.set(delta, next.offset);
        stack.push({
          offset: delta,
          bytes: deltaApplied(next.bytes, bodyOf(pack, entries.get(delta)!), limits.objectBytes),
        });
      }
    }
  }
  if (whole + index.baseOf.size !== entries.size) throw new BadBundle('a delta is against an object that is not in it');
  return index;
}

function deltaApplied(base: Buffer, delta: Buffer, maxBytes: number): Buffer {
  try {
    return applyDelta(base, delta, maxBytes);
  } catch (error) {
    if (error instanceof BadDelta) throw new BadBundle(`a delta cannot be applied: ${error.message}`);
    throw error;
  }
}
