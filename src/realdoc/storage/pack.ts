import type { OpRow } from '../rows.ts';
import { isFullSplices, parseChange, putVarint, unpackChange, varint, varintBytes } from '../text/codec.ts';
import { type Change, growth, newlineGrowth } from '../text/splice.ts';
import { parseCall } from './call-id.ts';

/** A row of the log with its place among the rows of all documents. */
export type LoggedOp = Omit<OpRow, 'file' | 'actor' | 'label' | 'task' | 'isFull' | 'digest' | 'prev'> & {
  seq: number;
  /** Numbers of words. */
  actor: number;
  label: number;
  task: number | null;
  /** Recorded only where it cannot be computed: of a row that stands for several versions. */
  digest: string | null;
};

/** The two halves of a pack before they are compressed; `splices` is the dictionary of `facts`. */
export interface PlainPack {
  splices: Buffer;
  facts: Buffer;
}

/**
 * Lays a run of rows out in columns: numbers of one kind beside each other, each as what it differs from what was to be
 * expected. docs/reference/storage-format.md describes every byte.
 */
export function layOut(ops: readonly LoggedOp[]): PlainPack {
  return { splices: layOutSplices(ops.map((op) => op.splices)), facts: layOutFacts(ops) };
}

function layOutSplices(packed: readonly Uint8Array[]): Buffer {
  const counts = new Column();
  const ats = new Column();
  const dels = new Column();
  const adds = new Column();
  const digests: Uint8Array[] = [];
  const bytes: Uint8Array[] = [];
  let cursor = 0;
  for (const one of packed) {
    if (isFullSplices(one)) {
      counts.push(0);
      digests.push(one.subarray(1));
      continue;
    }
    const change = unpackChange(one);
    counts.push(change.length + 1);
    let shift = 0;
    for (const s of change) {
      ats.pushSigned(s.at + shift - cursor);
      dels.push(s.del.length);
      adds.push(s.ins.length);
      bytes.push(s.del, s.ins);
      shift += s.ins.length - s.del.length;
      cursor = s.at + shift + s.del.length;
    }
  }
  return Buffer.concat([varint(packed.length), ...[counts, ats, dels, adds].map((c) => c.bytes), ...digests, ...bytes]);
}

function layOutFacts(ops: readonly LoggedOp[]): Buffer {
  const words = new Words();
  const columns = Array.from({ length: 13 }, () => new Column());
  const [seqs, spans, bases, actors, labels, tasks, sources, times, sizes, lines, notes, args, calls] =
    columns as Column[];
  const texts: Uint8Array[] = [];
  let before: LoggedOp | undefined;
  let callTime = 0;
  for (const op of ops) {
    const change = changeOf(op.splices);
    seqs!.push(op.seq - (before?.seq ?? 0));
    spans!.push(op.span - 1);
    bases!.pushSigned(op.version - 1 - op.base);
    actors!.push(op.actor);
    labels!.push(op.label);
    tasks!.push(op.task === null ? 0 : op.task);
    sources!.push(words.number(op.source));
    times!.pushSigned(op.at - (before?.at ?? 0));
    sizes!.pushSigned(op.bytes - (change ? (before?.bytes ?? 0) + growth(change) : 0));
    lines!.pushSigned(op.newlines - (change ? (before?.newlines ?? 0) + newlineGrowth(change) : 0));
    const note = op.note === null ? undefined : Buffer.from(op.note);
    notes!.push(note ? note.length + 1 : 0);
    const arg = Buffer.from(op.args);
    args!.push(arg.length);
    const call = before?.call === op.call ? undefined : parseCall(op.call);
    if (before?.call === op.call) calls!.push(0);
    else if (call) {
      calls!.push(words.number(call.prefix) + 2);
      calls!.pushSigned(call.time - callTime);
      callTime = call.time;
    } else calls!.push(1);
    const callText = call ? call.random : before?.call === op.call ? undefined : Buffer.from(op.call);
    if (callText && !call) calls!.push(callText.length);
    texts.push(...[note, arg, callText].filter((text) => text !== undefined));
    if (op.digest !== null) texts.push(Buffer.from(op.digest, 'hex'), Buffer.from(op.seal!, 'hex'));
    before = op;
  }
  return Buffer.concat([words.bytes, ...columns.map((c) => c.bytes), ...texts]);
}

function changeOf(packed: Uint8Array): Change | undefined {
  if (isFullSplices(packed)) return undefined;
  return packed[0] === 0 ? parseChange(packed.subarray(1)) : unpackChange(packed);
}

class Column {
  #bytes = Buffer.allocUnsafe(1024);
  #end = 0;

  push(value: number): void {
    const end = this.#end + varintBytes(value);
    if (end > this.#bytes.length) {
      const wider = Buffer.allocUnsafe(2 * this.#bytes.length);
      wider.set(this.bytes);
      this.#bytes = wider;
    }
    this.#end = putVarint(this.#bytes, this.#end, value);
  }

  pushSigned(value: number): void {
    this.push(value < 0 ? -2 * value - 1 : 2 * value);
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }
}

class Words {
  readonly #numbers = new Map<string, number>();

  number(word: string): number {
    const known = this.#numbers.get(word) ?? this.#numbers.size;
    this.#numbers.set(word, known);
    return known;
  }

  get bytes(): Buffer {
    const list = [...this.#numbers.keys()].map((word) => Buffer.from(word));
    return Buffer.concat([varint(list.length), ...list.map((word) => varint(word.length)), ...list]);
  }
}
