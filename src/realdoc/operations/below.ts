import type { Reader } from '../../common/index.ts';
import { parseFolderPath } from '../projection/paths.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';

/** Files looked at with one question to the database. */
const PAGE = 500;
/** A new workspace is walked before its first list; a large one is not waited for. */
export const FIRST_SCAN_MS = 3000;

/** The first `max` documents below a path: one document, a folder, or a whole workspace; those without lines only where wanted. */
export async function documentsBelow(
  room: RealDoc,
  db: Reader,
  path: string,
  max: number,
  isWanted = (file: FileRow): boolean => file.kind !== 'opaque',
  after = '',
): Promise<FileRow[]> {
  const { workspace, rel } = parseFolderPath(path);
  const ws = room.workspace(workspace);
  const exact = rel === '' ? undefined : rows.fileAt(db, ws.id, rel);
  if (exact && isWanted(exact) && exact.state === 'live') return [await room.locate(path)];
  // Once is enough: a folder that cannot be read would have the whole workspace walked again for every page.
  if (after === '' && !room.isScanned(ws.id)) await room.waitFor(room.scan(ws), FIRST_SCAN_MS);
  const below = wantedBelow(db, ws.id, rel === '' ? '' : `${rel}/`, { max, isWanted, after });
  // Not a folder that is known: then it must be a document, or the error that says so.
  return below.length > 0 || rel === '' || after !== '' ? below : [await room.locate(path)];
}

/** All of them, however many there are: a page at a time, each as it is when its turn comes. */
export async function* everyDocumentBelow(
  room: RealDoc,
  db: Reader,
  path: string,
  isWanted: (file: FileRow) => boolean,
): AsyncGenerator<FileRow> {
  for (let after = ''; ; ) {
    const page = await documentsBelow(room, db, path, PAGE, isWanted, after);
    for (const { id } of page) {
      const file = rows.fileById(db, id);
      if (file?.state === 'live' && isWanted(file)) yield file;
    }
    if (page.length < PAGE) return;
    after = page.at(-1)!.rel;
  }
}

/** Files that nobody wants do not count, however many lie before the first that somebody does. */
function wantedBelow(
  db: Reader,
  workspace: string,
  prefix: string,
  { max, isWanted, after: start }: { max: number; isWanted: (file: FileRow) => boolean; after: string },
): FileRow[] {
  const out: FileRow[] = [];
  for (let after = start; out.length < max; ) {
    const page = rows.filesOf(db, workspace, prefix, after, PAGE);
    out.push(...page.filter(isWanted));
    if (page.length < PAGE) break;
    after = page.at(-1)!.rel;
  }
  return out.slice(0, max);
}
