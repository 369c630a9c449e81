import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bigStatOf } from './stat.ts';

/** A name that `readdir` had to repair: the bytes on the disk are no UTF-8, and nothing can open it by this name. */
export function isBroken(name: string): boolean {
  return name.includes('\ufffd');
}

/**
 * Where a document lies on the disk. Documents are named in Unicode form NFC; a Mac may have written the name in
 * another form, which the disk keeps as it is. `known` is where it was last. Returns `rel` if there is nothing.
 */
export async function findOnDisk(root: string, rel: string, known: string | null): Promise<string> {
  if (known !== null && (await bigStatOf(join(root, known)))) return known;
  if (isPlain(rel) || (await bigStatOf(join(root, rel)))) return rel;
  let at = '';
  for (const name of rel.split('/')) {
    const exact = at === '' ? name : `${at}/${name}`;
    if (isPlain(name) || (await bigStatOf(join(root, exact)))) {
      at = exact;
      continue;
    }
    const there = await readdir(join(root, at)).catch(() => []);
    const same = there.find((other) => other.normalize('NFC') === name);
    if (same === undefined) return rel;
    at = at === '' ? same : `${at}/${same}`;
  }
  return at;
}

/** The form in which the document of a file on the disk is named. */
export function docRel(disk: string): string {
  return isPlain(disk) ? disk : disk.normalize('NFC');
}

/** Letters that Unicode knows in one form only. */
function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
