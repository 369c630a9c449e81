import type { Reader } from '../../common/index.ts';
import type { Documents } from '../documents.ts';
import { nameAt, renameOf } from '../history/names.ts';
import { stateAfter } from '../history/state.ts';
import { asAt, type Contents } from '../kinds/content.ts';
import type { Pace } from '../pace.ts';
import * as rows from '../repository/index.ts';
import type { FileRow, OpRow } from '../rows.ts';
import { unpackChange } from '../text/codec.ts';
import type { Change } from '../text/splice.ts';
import type { TextTree } from '../text/tree.ts';

/** Where texts come from. */
export interface Sources {
  db: Reader;
  documents: Documents;
  contents: Contents;
}

/** One version of one document as the history of several tells it. */
export interface Step {
  file: FileRow;
  op: OpRow;
  /** Path inside the workspace at that version; undefined while the document was deleted. */
  rel: string | undefined;
}

const PAGE = 100;

/**
 * The versions of some documents in the order in which they came to be. Those of one call stand together: they were one
 * transaction. Each document's own order always holds, even where the clock was set back in between.
 * Throws what the signal of `pace` was aborted with.
 */
export async function* stepsOf(db: Reader, files: readonly FileRow[], pace: Pace): AsyncGenerator<Step> {
  const streams = files.map((file) => walk(db, file));
  const heads: (Step | undefined)[] = [];
  for (const stream of streams) {
    heads.push(stream.next().value as Step | undefined);
    if (pace.isDue) await pace.turn();
  }
  let call: string | undefined;
  for (;;) {
    let next = -1;
    for (const [i, head] of heads.entries()) {
      if (!head) continue;
      const best = heads[next];
      if (head.op.call === call) {
        next = i;
        break;
      }
      if (!best || head.op.at < best.op.at) next = i;
    }
    const step = heads[next];
    if (!step) return;
    call = step.op.call;
    yield step;
    if (pace.isDue) await pace.turn();
    heads[next] = streams[next]!.next().value as Step | undefined;
  }
}

function* walk(db: Reader, file: FileRow): Generator<Step> {
  let rel = nameAt(db, file, 0);
  for (let after = 0; after < file.head; ) {
    const page = rows.opsBetween(db, file.id, after, Math.min(file.head, after + PAGE));
    const last = page.at(-1);
    if (!last) return;
    for (const op of page) {
      rel = renameOf(op)?.to ?? rel;
      yield { file, op, rel: stateAfter(db, op) === 'live' ? rel : undefined };
    }
    after = last.version;
  }
}

/** The texts of one document, oldest first: each is made from the one before, not from the log again. */
export class Reel {
  readonly #o: Sources;
  readonly #file: FileRow;
  #tree: TextTree | undefined;

  constructor(options: Sources, file: FileRow) {
    this.#o = options;
    this.#file = file;
  }

  /** Goes on to the version of `op`, and says how it differs from the one before where that is known as splices. */
  next(op: OpRow): { tree: TextTree; change: Change | undefined; before: TextTree | undefined } {
    const before = this.#tree;
    const isKnown = this.#file.kind === 'text' && !this.#file.mixed && !op.isFull && op.span === 1;
    const change = before && isKnown ? unpackChange(op.splices) : undefined;
    this.#tree = change && before ? before.apply(change) : this.#o.documents.read(this.#o.db, this.#file, op.version);
    return { tree: this.#tree, change, before };
  }

  /** The bytes of the file on the share. */
  async file(version: number, tree: TextTree): Promise<{ length: number; pieces: Iterable<Uint8Array> }> {
    const then = asAt(this.#file, version, tree);
    if (then.kind !== 'package') return { length: tree.bytes, pieces: tree.pieces() };
    const pieces: Uint8Array[] = [];
    for await (const piece of this.#o.contents.give(then, tree)) pieces.push(piece);
    return { length: pieces.reduce((sum, piece) => sum + piece.length, 0), pieces };
  }
}
