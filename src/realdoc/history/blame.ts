import type { Reader } from '../../common/index.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';
import { unpackChange } from '../text/codec.ts';
import type { TextTree } from '../text/tree.ts';

export interface Blamed {
  line: number;
  version: number;
}

interface Open {
  line: number;
  from: number;
  to: number;
}

const PAGE = 200;

/**
 * The version that last touched each of some lines of the head. Walks the op log backwards: a line that a version put
 * in or cut into is that version's, the others are carried to where they stood before it. What is left at the end of
 * the log is as it was in version 1.
 */
export function blame(db: Reader, file: FileRow, head: TextTree, from: number, to: number): Blamed[] {
  const out: Blamed[] = [];
  let open: Open[] = [];
  for (let line = from; line <= Math.min(to, head.lines); line++) {
    open.push({ line, from: head.offsetOfLine(line), to: head.offsetOfLine(line + 1) });
  }
  for (let before = file.head + 1; open.length > 0 && before > 1; ) {
    const page = rows.newestOps(db, file.id, before, PAGE);
    for (const op of page) {
      before = op.version;
      if (op.version === 1) break;
      open = open.flatMap((line) => {
        const earlier = carryBack(line, unpackChange(op.splices));
        if (!earlier) out.push({ line: line.line, version: op.version });
        return earlier ? [earlier] : [];
      });
    }
    if (page.length === 0) break;
  }
  for (const { line } of open) out.push({ line, version: 1 });
  return out.sort((a, b) => a.line - b.line);
}

/** Where the line stood before the change; `undefined` if the change touched it. */
function carryBack(line: Open, change: ReturnType<typeof unpackChange>): Open | undefined {
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
