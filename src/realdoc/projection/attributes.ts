import type { BigIntStats } from 'node:fs';
import { chmod, chown } from 'node:fs/promises';
import { codeOf } from './folder.ts';
import type { Kernel } from './kernel.ts';

/** Sealed over the content, so they would be wrong on another file (integrity measurement). */
const NOT_TO_COPY = new Set(['security.ima', 'security.evm']);
const ACL = 'system.posix_acl_access';

/**
 * Gives a new file what the old one had besides its bytes: owner, mode, ACL, extended attributes (Samba keeps the DOS
 * attributes and the time of birth there). What only root may set and we may not stays away; the file is never more
 * open than before, since the mode comes last.
 */
export async function copyAttributes(
  kernel: Kernel | undefined,
  from: string,
  to: string,
  like: BigIntStats,
  now: BigIntStats,
): Promise<void> {
  if (now.uid !== like.uid || now.gid !== like.gid) {
    await chown(to, Number(like.uid), Number(like.gid)).catch(unlessRefused);
  }
  if (kernel) copyExtended(kernel, from, to);
  await chmod(to, Number(like.mode & 0o7777n));
}

function copyExtended(kernel: Kernel, from: string, to: string): void {
  const wanted = attributesOf(kernel, from);
  for (const [name, value] of wanted) {
    if (NOT_TO_COPY.has(name)) continue;
    try {
      kernel.setAttribute(to, name, value);
    } catch (error) {
      unlessRefused(error);
    }
  }
  // A folder's default ACL came with the new file; the old one may not have had it.
  for (const name of attributesOf(kernel, to).keys()) {
    if (wanted.has(name) || (name !== ACL && !name.startsWith('user.'))) continue;
    try {
      kernel.removeAttribute(to, name);
    } catch (error) {
      unlessRefused(error);
    }
  }
}

function attributesOf(kernel: Kernel, path: string): Map<string, Buffer> {
  try {
    return kernel.attributes(path);
  } catch (error) {
    // The file may have gone: then the last look before the swap finds out.
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'E2BIG' && codeOf(error) !== 'ERANGE') unlessRefused(error);
    return new Map();
  }
}

function unlessRefused(error: unknown): void {
  if (!['EPERM', 'EACCES', 'ENOTSUP', 'EINVAL', 'ENODATA', 'ENOSYS'].includes(codeOf(error))) throw error;
}

const DOS_READ_ONLY = 1;

/**
 * Whether a client of Samba marked the file read-only: Samba keeps that in an attribute and leaves the mode as it is.
 * The attribute is a hexadecimal text with a NUL, or an empty text followed by a version and the numbers.
 */
export function isDosReadOnly(kernel: Kernel | undefined, path: string): boolean {
  const value = kernel && attributesOf(kernel, path).get('user.DOSATTRIB');
  if (!value) return false;
  const text = value.toString('latin1', 0, Math.max(0, value.indexOf(0)));
  const flags = text !== '' ? Number.parseInt(text, 16) : value.length >= 16 ? value.readUInt32LE(12) : 0;
  return (flags & DOS_READ_ONLY) !== 0;
}
