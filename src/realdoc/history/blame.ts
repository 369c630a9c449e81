import type { Reader } from '../../common/index.ts';
import type { Documents } from '../documents.ts';
import { Pace } from '../pace.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';
import { sameAs } from '../text/codec.ts';
import type { Change } from '../text/splice.ts';
import type { TextTree } from '../text/tree.ts';

export interface Blamed {
  line: number;
  version: number;
}

/** A line as people read it, and the bytes of the stored text of the head that it stands on. */
export interface BlameLine {
  line: number;
  from: number;
  to: number;
}

/** Lines `from` to `to` of a text that is read as it is stored. */
export function linesOfText(head: TextTree, from: number, to: number): BlameLine[] {
  const out: BlameLine[] = [];
  for (let line = from; line <= Math.min(to, head.lines); line++) {
    out.push({ line, from: head.offsetOfLine(line), to: head.offsetOfLine(line + 1) });
  }
  return out;
}

const PAGE = 200;

/**
 * The version that last touched each of some lines of the head. Walks the op log backwards: a line that a version put
 * in or cut into is that version's, the others are carried to where they stood before it. What is left at the start
 * of the log is as it was there. Others have their turn meanwhile: a log may be long.
 */
export async function blame(
  db: Reader,
  documents: Documents,
  file: FileRow,
  lines: readonly BlameLine[],
  signal: AbortSignal,
): Promise<Blamed[]> {
  const out: Blamed[] = [];
  let open = [...lines];
  // Where the history starts: what is left is as it was then.
  let start = 1;
  const pace = new Pace(signal);
  for (let before = file.head + 1; open.length > 0 && before > start; ) {
    const page = rows.newestOps(db, file.id, before, PAGE);
    for (const op of page) {
      before = op.version;
      const same = sameAs(op.splices);
      if (same !== undefined) {
        // Whoever went back wrote nothing: the lines are those of the older version.
        before = same + 1;
        break;
      }
      if (op.version - op.span < 1) {
        start = op.version;
        break;
      }
      const change = documents.changeOf(db, file, op);
      open = open.flatMap((line) => {
        const earlier = carryBack(line, change);
        if (!earlier) out.push({ line: line.line, version: op.version });
        return earlier ? [earlier] : [];
      });
    }
    if (page.length === 0) break;
    if (pace.isDue) await pace.turn();
  }
  for (const { line } of open) out.push({ line, version: start });
  return out.sort((a, b) => a.line - b.line);
}

/** Where the line stood before the change; `undefined` if the change touched it. */
function carryBack(line: BlameLine, change: Change): BlameLine | undefined {
  let shift = 0;
  for (const s of change) {
    const from = s.at + shift;
    const to = from + s.ins.length;
    if (from >= line.to) break;
    // What was taken out inside the line (not at its edge) changed it as much as what was put in.
    const cutInside = s.ins.length === 0 && from > line.from && from < line.to;
    const openedAtEdge = s.ins.length === 0 && from === line.from && s.del.at(-1) !== 10;
    if (cutInside || openedAtEdge || (s.ins.length > 0 && to > line.from)) return undefined;
    shift += s.ins.length - s.del.length;
  }
  return { ...line, from: line.from - shift, to: line.to - shift };
}
