import { zstdDecompressSync } from 'node:zlib';
import type { Source } from '../rows.ts';
import { VarintReader, withDictionary } from '../text/codec.ts';
import { growth, newlineGrowth } from '../text/splice.ts';
import { printCall } from './call-id.ts';
import type { LoggedOp } from './pack.ts';
import { PackedSplices, unsigned } from './pack-splices.ts';

const COLUMNS = 12;

/** The facts of a pack in their columns, each read when it or one behind it is asked for, as texts are. */
export class PackedFacts {
  readonly splices: PackedSplices;
  /** The version of each entry, rising. */
  readonly versions: Int32Array;
  readonly #bytes: Buffer;
  readonly #words: string[];
  readonly #reader: VarintReader;
  readonly #columns: number[][] = [];
  #tail: { calls: { kind: number; value: number }[]; texts: Int32Array } | undefined;

  constructor(z: { splices: Uint8Array; facts: Uint8Array }, fromVersion: number, splices?: PackedSplices) {
    this.splices = splices ?? new PackedSplices(z.splices);
    this.#bytes = zstdDecompressSync(z.facts, withDictionary(this.splices.plain));
    const reader = new VarintReader(this.#bytes);
    this.#reader = reader;
    this.#words = reader.many(reader.next()).map((length) => text(reader.bytes(length)));
    let version = fromVersion - 1;
    this.versions = Int32Array.from(this.#column(1), (more) => {
      version += more + 1;
      return version;
    });
  }

  #column(number: number): number[] {
    while (this.#columns.length <= number) this.#columns.push(this.#reader.many(this.splices.count));
    return this.#columns[number]!;
  }

  /** How the call of each entry is named, and where its texts begin. Throws RangeError if they do not end with the pack. */
  get #texts(): { calls: { kind: number; value: number }[]; texts: Int32Array } {
    if (this.#tail) return this.#tail;
    this.#column(COLUMNS - 1);
    const reader = this.#reader;
    const calls = Array.from({ length: this.splices.count }, () => {
      const kind = reader.next();
      return { kind, value: kind === 0 ? 0 : reader.next() };
    });
    let { at } = reader;
    const texts = Int32Array.from(calls, (named, i) => {
      const start = at;
      const { note, args, call, digests } = this.#lengths(i, named);
      at += note + args + call + digests;
      return start;
    });
    if (at !== this.#bytes.length) throw new RangeError('the facts of a pack do not end with their last text');
    this.#tail = { calls, texts };
    return this.#tail;
  }

  /** The entry of the newest version up to this one; -1 if there is none. */
  entryOf(version: number): number {
    let [low, high] = [0, this.versions.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.versions[middle]! <= version) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Number of the word. */
  label(entry: number): number {
    return this.#column(4)[entry]!;
  }

  source(entry: number): Source {
    return this.#words[this.#column(6)[entry]!] as Source;
  }

  args(entry: number): string {
    const at = this.#texts.texts[entry]! + this.#lengths(entry).note;
    return text(this.#bytes.subarray(at, at + this.#column(11)[entry]!));
  }

  /** All entries as they are logged, in order. */
  all(): LoggedOp[] {
    const { calls, texts } = this.#texts;
    const [seqs, spans, bases, actors, labels, tasks, , times, sizes, lines] = this.#columns;
    let callTime = 0;
    let before: LoggedOp | undefined;
    return Array.from(this.versions, (version, i) => {
      const change = this.splices.change(i);
      const { note, args, call, digests } = this.#lengths(i);
      const reader = new VarintReader(this.#bytes.subarray(texts[i]!));
      const noted = this.#column(10)[i] === 0 ? null : text(reader.bytes(note));
      const asked = text(reader.bytes(args));
      const { kind, value } = calls[i]!;
      const called = reader.bytes(call);
      let id = before?.call ?? '';
      if (kind === 1) id = text(called);
      else if (kind > 1) {
        callTime += unsigned(value);
        id = printCall({ prefix: this.#words[kind - 2]!, time: callTime, random: called });
      }
      const isFolded = digests > 0;
      before = {
        seq: seqs![i]! + (before?.seq ?? 0),
        version,
        span: spans![i]! + 1,
        base: version - 1 - unsigned(bases![i]!),
        call: id,
        actor: actors![i]!,
        label: labels![i]!,
        task: tasks![i] === 0 ? null : tasks![i]!,
        source: this.source(i),
        args: asked,
        splices: this.splices.row(i),
        note: noted,
        at: unsigned(times![i]!) + (before?.at ?? 0),
        bytes: unsigned(sizes![i]!) + (change ? (before?.bytes ?? 0) + growth(change) : 0),
        newlines: unsigned(lines![i]!) + (change ? (before?.newlines ?? 0) + newlineGrowth(change) : 0),
        digest: isFolded ? hex(reader.bytes(32)) : null,
        seal: isFolded ? hex(reader.bytes(32)) : null,
      };
      return before;
    });
  }

  /** Bytes of the texts of an entry, in the order in which they lie there. */
  #lengths(
    entry: number,
    { kind, value } = this.#texts.calls[entry]!,
  ): { note: number; args: number; call: number; digests: number } {
    return {
      note: Math.max(0, this.#column(10)[entry]! - 1),
      args: this.#column(11)[entry]!,
      call: kind === 0 ? 0 : kind === 1 ? value : 10,
      digests: this.#column(1)[entry]! > 0 ? 64 : 0,
    };
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const text = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
