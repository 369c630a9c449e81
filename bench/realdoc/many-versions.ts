import { newId, silentLogger, systemClock } from '../../src/common/index.ts';
import type { WriteContext } from '../../src/protocol/index.ts';
import * as rows from '../../src/realdoc/repository/index.ts';
import type { FileRow } from '../../src/realdoc/rows.ts';
import type { Change } from '../../src/realdoc/text/splice.ts';
import type { TextTree } from '../../src/realdoc/text/tree.ts';
import { appendTexts, type NewText } from '../../src/realdoc/versions.ts';
import type { BenchBox } from './bench-box.ts';

interface Step {
  change: Change;
  args: unknown;
}

/** The document of a path, as the box has it. */
export async function fileAt(box: BenchBox, path: string): Promise<FileRow> {
  return await box.parts.realdoc.locate(path, { look: false });
}

/**
 * Appends versions as an edit does, many in one transaction and without the door: for histories that would take hours
 * one call at a time. Rows, trees and background work are those of the box. `next` makes the change of each from the
 * text before it; it may be asked for fewer than `count` by giving `undefined`.
 */
export async function appendMany(
  box: BenchBox,
  path: string,
  count: number,
  next: (before: TextTree, i: number) => Step | undefined,
  inOne = 256,
): Promise<void> {
  const { realdoc, store, identity } = box.parts;
  const caller = identity.consoleCaller();
  let file = await fileAt(box, path);
  let tree = realdoc.documents.at(file, file.head);
  let isOver = false;
  for (let done = 0; done < count && !isOver; ) {
    const first = done;
    // Background work looks at round versions, which single calls never pass by.
    const batch = Math.min(inOne - (file.head % inOne), count - first);
    done += batch;
    await store.write((tx) => {
      const ctx: WriteContext = {
        caller,
        callId: newId('call', Date.now()),
        db: tx,
        tx,
        clock: systemClock,
        log: silentLogger,
        signal: new AbortController().signal,
        raise: () => undefined,
        stream: () => undefined,
        onEnd: () => undefined,
        emit: () => undefined,
        undoWith: () => undefined,
      };
      const steps = function* (): Generator<NewText> {
        for (let i = 0; i < batch; i++) {
          const step = next(tree, first + i);
          if (!step) {
            isOver = true;
            return;
          }
          tree = tree.apply(step.change);
          ctx.callId = newId('call', Date.now());
          yield { source: 'edit', ...step };
        }
      };
      file = appendTexts(ctx, file, steps());
      rows.wantProjection(tx, file.id, Date.now());
    });
    realdoc.documents.remember(file.id, file.head, tree);
    realdoc.committed(file);
    // What a box does in between: trees are stored.
    await realdoc.settled();
  }
}

/** Waits until old versions are packed. */
export async function packed(box: BenchBox): Promise<void> {
  await box.parts.realdoc.compactor.idle();
}

/** Bytes in the database and in files that the documents take, indexes included. */
export function documentBytes(box: BenchBox): { doc: number; all: number } {
  const pages = box.parts.store.all<{ name: string; bytes: number }>(
    `SELECT s.tbl_name AS name, sum(d.pgsize) AS bytes FROM dbstat d JOIN sqlite_schema s ON s.name = d.name
     WHERE d.aggregate = TRUE GROUP BY s.tbl_name`,
  );
  const sum = (list: typeof pages) => list.reduce((total, row) => total + row.bytes, 0);
  return { doc: sum(pages.filter((row) => row.name.startsWith('doc_'))), all: sum(pages) };
}
