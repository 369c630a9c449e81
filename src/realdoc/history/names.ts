import type { Reader } from '../../common/index.ts';
import * as rows from '../repository/index.ts';
import type { FileRow, OpRow } from '../rows.ts';

/** A document got another path inside its workspace. */
export interface Rename {
  from: string;
  to: string;
}

/** The path a document had before it gave it up: what was moved aside carries its id behind a NUL. */
export function ownRel(file: Pick<FileRow, 'rel'>): string {
  const end = file.rel.indexOf('\0');
  return end < 0 ? file.rel : file.rel.slice(0, end);
}

/** The path that a document had at a version; before its first one, the first. */
export function nameAt(db: Reader, file: FileRow, version: number): string {
  return rows.nameThen(db, file.id, version) ?? ownRel(file);
}

const RENAMING: ReadonlySet<string> = new Set(['move', 'undo', 'redo', 'rollback']);

/** How a version renamed its document, if it did: on the share, or by an undo or a rollback of that. */
export function renameOf(op: Pick<OpRow, 'source' | 'args'>): Rename | undefined {
  if (!RENAMING.has(op.source)) return undefined;
  const args = JSON.parse(op.args) as Partial<Record<'from' | 'to', unknown>> & { name?: Rename };
  if (args.name) return args.name;
  const { from, to } = args;
  return op.source === 'move' && typeof from === 'string' && typeof to === 'string' ? { from, to } : undefined;
}
