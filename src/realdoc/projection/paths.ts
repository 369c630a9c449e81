import { fail } from '../../common/index.ts';
import type { FileRow } from '../rows.ts';

const MAX_PATH_BYTES = 4096;
/** Longest name that ext4, XFS, btrfs and NTFS take; our temporary names need some of it. */
const MAX_NAME_BYTES = 255;

/**
 * Characters that make a path look like another one: controls, line and paragraph separators, zero-width characters,
 * and those that turn the reading direction (Unicode TR 36, 2.2; CVE-2021-42574).
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing control characters is the point.
const DECEITFUL = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/u;

export interface DocName {
  workspace: string;
  /** Path inside the workspace, `/` between names. */
  rel: string;
}

/** Reads `<workspace>/<path>`. Throws DOC_PATH_INVALID with the reason; never guesses what was meant. */
export function parseDocPath(path: string): DocName {
  const reason = whyBad(path);
  if (reason) throw fail('DOC_PATH_INVALID', { reason, ...suggestion(path) });
  const slash = path.indexOf('/');
  if (slash < 0) throw fail('DOC_PATH_INVALID', { reason: 'it names a workspace but no document', path });
  return { workspace: path.slice(0, slash), rel: path.slice(slash + 1) };
}

/** Like `parseDocPath`, but a workspace alone, or a folder with or without its last slash, is fine too. */
export function parseFolderPath(path: string): DocName {
  const bare = path.endsWith('/') ? path.slice(0, -1) : path;
  const reason = whyBad(bare);
  if (reason) throw fail('DOC_PATH_INVALID', { reason, ...suggestion(bare) });
  const slash = bare.indexOf('/');
  return slash < 0 ? { workspace: bare, rel: '' } : { workspace: bare.slice(0, slash), rel: bare.slice(slash + 1) };
}

/** Why this cannot be a path of names, or `undefined`. The message never repeats the bad characters. */
export function whyBad(path: string): string | undefined {
  if (path.length === 0) return 'it is empty';
  if (!path.isWellFormed()) return 'it holds half a character';
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `it is longer than ${MAX_PATH_BYTES} bytes`;
  if (DECEITFUL.test(path)) return 'it holds control or invisible characters';
  if (path !== path.normalize('NFC')) return 'it is not in Unicode form NFC';
  if (path.startsWith('/')) return 'it begins with a slash';
  if (path.includes('\\')) return 'it holds a backslash';
  for (const name of path.split('/')) {
    const bad = whyBadName(name);
    if (bad) return bad;
  }
  return undefined;
}

function whyBadName(name: string): string | undefined {
  if (name === '') return 'a name in it is empty';
  if (name === '.' || name === '..') return `it holds "${name}"`;
  if (name.startsWith('.')) return 'hidden files are no documents';
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `a name in it is longer than ${MAX_NAME_BYTES} bytes`;
  return undefined;
}

function suggestion(path: string): { suggest?: string } {
  if (!path.isWellFormed()) return {};
  const suggest = path.normalize('NFC').replaceAll('\\', '/').replace(/^\/+/, '');
  return suggest !== path && whyBad(suggest) === undefined ? { suggest } : {};
}

const TEMPORARY = /^\..+\.rd-[0-9a-z]{26}(?:\.([0-9a-z]{26})\.v(\d{1,9})\.keep)?$/;

/** Our own temporary names beside a document: `.<name>.rd-<random>`. */
export function temporaryName(name: string, random: string): string {
  // The name itself may already be as long as the file system allows; what matters is the random part.
  let short = name;
  while (Buffer.byteLength(short) > MAX_NAME_BYTES - 80) short = [...short].slice(0, -1).join('');
  return `.${short}.rd-${random}`;
}

/** Second name of what a swap displaced: it says of which document and which version the file was. */
export function keptName(temporary: string, document: string, version: number): string {
  return `${temporary}.${document.slice(document.indexOf('_') + 1)}.v${version}.keep`;
}

export function parseKeptName(name: string): { document: string; version: number } | undefined {
  const found = TEMPORARY.exec(name);
  return found?.[1] ? { document: `doc_${found[1]}`, version: Number(found[2]) } : undefined;
}

export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/** Names the scan does not look at: hidden ones, owner files, temporaries of common editors. */
export function isIgnored(name: string): boolean {
  return name.startsWith('.') || name.startsWith('~$') || name.endsWith('~') || /^~WR[DL]\d+\.tmp$/i.test(name);
}

/** Names under which programs put a save for a moment before they rename it: sed, Word, Excel, LibreOffice, vim. */
const PASSING = /^(?:sed[0-9A-Za-z]{6}|\d{4,5}|[0-9A-F]{8}|.*\.tmp|.*\.part|.*\.sb-[0-9a-f]{8}-[0-9A-Za-z]{6})$/i;

/** True for a name that is likely gone in a moment; such a file becomes a document only if it stays. */
export function isPassing(name: string): boolean {
  return PASSING.test(name);
}

/** Where the file of a document lies inside its workspace: on the disk a name may be in another Unicode form. */
export function onDisk(file: Pick<FileRow, 'rel' | 'disk'>): string {
  return file.disk ?? file.rel;
}

/** A name beside a document for another text of it: `name (mark).docx`, `name (mark 2).docx`, short enough for the disk. */
export function besideName(name: string, mark: string, n: number): string {
  const dot = name.lastIndexOf('.');
  const tail = ` (${mark}${n === 1 ? '' : ` ${n}`})${dot > 0 ? name.slice(dot) : ''}`;
  let stem = dot > 0 ? name.slice(0, dot) : name;
  while (Buffer.byteLength(stem + tail) > MAX_NAME_BYTES) stem = [...stem].slice(0, -1).join('');
  return stem + tail;
}
