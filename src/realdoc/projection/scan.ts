import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Reader } from '../../common/index.ts';
import { TOO_LARGE } from '../kinds/kind.ts';
import * as rows from '../repository/index.ts';
import type { WorkspaceRow } from '../rows.ts';
import { isIgnored, isTemporary, whyBad } from './paths.ts';
import { looksOf, looksSame, signatureOf } from './read-file.ts';

const MAX_DEPTH = 32;

export interface ScanResult {
  /** Files that are new or do not look as they did: paths inside the workspace. */
  present: string[];
  /** Documents whose file is gone. */
  missing: string[];
  /** Our own temporary files of an earlier run. */
  leftovers: string[];
  /** Files that cannot be documents because of their names. */
  skipped: number;
  /** Folders that could not be read: nothing in them counts as missing. */
  unreadable: string[];
}

/** Walks a workspace and says what differs from what is known. Follows no links; reads names and sizes only. */
export async function scanWorkspace(db: Reader, workspace: WorkspaceRow): Promise<ScanResult> {
  const result: ScanResult = { present: [], missing: [], leftovers: [], skipped: 0, unreadable: [] };
  const seen = new Set<string>();
  const queue: { rel: string; depth: number }[] = [{ rel: '', depth: 0 }];
  for (let next = queue.pop(); next; next = queue.pop()) {
    let entries: Dirent[];
    try {
      entries = await readdir(join(workspace.root, next.rel), { withFileTypes: true });
    } catch {
      result.unreadable.push(next.rel);
      continue;
    }
    for (const entry of entries) {
      const rel = next.rel === '' ? entry.name : `${next.rel}/${entry.name}`;
      if (isTemporary(entry.name)) result.leftovers.push(rel);
      if (isIgnored(entry.name)) continue;
      if (entry.isDirectory()) {
        if (next.depth < MAX_DEPTH) queue.push({ rel, depth: next.depth + 1 });
        continue;
      }
      if (!entry.isFile()) continue;
      if (whyBad(rel) !== undefined) {
        result.skipped++;
        continue;
      }
      seen.add(rel);
      if (await isNews(db, workspace, rel)) result.present.push(rel);
    }
  }
  const isHidden = (rel: string): boolean =>
    result.unreadable.some((folder) => folder === '' || rel.startsWith(`${folder}/`));
  for (let after = ''; ; ) {
    const page = rows.filesOf(db, workspace.id, '', after, 500);
    for (const file of page) {
      if (seen.has(file.rel) || isHidden(file.rel)) continue;
      if (rows.projection(db, file.id)?.signature) result.missing.push(file.rel);
    }
    const last = page.at(-1);
    if (!last || page.length < 500) break;
    after = last.rel;
  }
  result.present.sort();
  return result;
}

/** True if the file may hold something that is not known: judged by state, size, time and inode alone. */
export async function isNews(db: Reader, workspace: WorkspaceRow, rel: string): Promise<boolean> {
  const file = rows.fileAt(db, workspace.id, rel);
  if (!file || file.state === 'deleted') return true;
  const known = rows.projection(db, file.id);
  if (!known?.signature || (file.head === 0 && file.why !== TOO_LARGE)) return true;
  try {
    const stat = await lstat(join(workspace.root, rel), { bigint: true });
    return !looksSame(stat, known.signature) && looksOf(signatureOf(stat, '')) !== known.foreign;
  } catch {
    return false;
  }
}
