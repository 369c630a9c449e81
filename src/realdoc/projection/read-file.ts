import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { type Clock, fail } from '../../common/index.ts';
import { MAX_TEXT_BYTES } from '../kinds/kind.ts';
import type { FileSignature } from '../rows.ts';
import { fileFailed } from './folder.ts';
import type { Kernel } from './kernel.ts';

const CHUNK = 1024 * 1024;

export interface FileContent {
  bytes: Buffer;
  signature: FileSignature;
}

/** Clocks of file systems tick in steps of some milliseconds: within one, a second write may leave no trace. */
const TICK_MS = 50;
/** FAT counts in steps of two seconds, and some servers in whole ones. */
const COARSE_TICK_MS = 2500;
const SECOND_NS = 1_000_000_000n;

/** Its times are of a file system that has no parts of seconds, as far as one file can tell. */
export function isCoarse({ mtimeNs }: Pick<FileSignature, 'mtimeNs'>): boolean {
  return BigInt(mtimeNs) % SECOND_NS === 0n;
}

export function signatureOf(stat: BigIntStats, sha256: string): FileSignature {
  const tick = stat.mtimeNs % SECOND_NS === 0n && stat.ctimeNs % SECOND_NS === 0n ? COARSE_TICK_MS : TICK_MS;
  const isFresh = Date.now() - Number(stat.ctimeNs / 1_000_000n) < tick;
  return {
    size: Number(stat.size),
    mtimeNs: String(stat.mtimeNs),
    inode: String(stat.ino),
    ctimeNs: String(stat.ctimeNs),
    birthNs: String(stat.birthtimeNs),
    ...(isFresh ? { isFresh } : {}),
    sha256,
  };
}

/** It is the very same file, whatever its name and its bytes are now: numbers of inodes are used again, births are not. */
export function isSameFile(stat: Pick<BigIntStats, 'ino' | 'birthtimeNs'>, signature: FileSignature): boolean {
  return (
    String(stat.ino) === signature.inode &&
    signature.birthNs !== undefined &&
    signature.birthNs !== '0' &&
    String(stat.birthtimeNs) === signature.birthNs
  );
}

/** What a file looks like without its bytes, as one word to compare. */
export function looksOf(signature: Omit<FileSignature, 'sha256'>): string {
  return `${signature.size}:${signature.mtimeNs}:${signature.inode}:${signature.ctimeNs ?? ''}`;
}

/** Size, times and inode agree: not proof that the bytes do, but no sign that they differ. */
export function looksSame(stat: BigIntStats, signature: FileSignature): boolean {
  return (
    Number(stat.size) === signature.size &&
    String(stat.mtimeNs) === signature.mtimeNs &&
    String(stat.ino) === signature.inode &&
    (signature.ctimeNs === undefined || String(stat.ctimeNs) === signature.ctimeNs)
  );
}

/**
 * Reads a whole regular file and says what it was. A file that somebody writes to meanwhile is read again, at most
 * five times; then the last reading stands, and the next look finds that it changed. Throws DOC_TOO_LARGE.
 */
export async function readWhole(handle: FileHandle, docPath: string): Promise<FileContent> {
  let content: FileContent | undefined;
  for (let attempt = 0; attempt < 5; attempt++) {
    const before = await handle.stat({ bigint: true });
    if (before.size > MAX_TEXT_BYTES) {
      throw fail('DOC_TOO_LARGE', { path: docPath, bytes: Number(before.size), limit: MAX_TEXT_BYTES });
    }
    content = await readOnce(handle, before, docPath);
    const after = await handle.stat({ bigint: true });
    if (looksSame(after, content.signature)) break;
  }
  return content!;
}

async function readOnce(handle: FileHandle, stat: BigIntStats, docPath: string): Promise<FileContent> {
  const hash = createHash('sha256');
  const bytes = Buffer.allocUnsafeSlow(Number(stat.size));
  let at = 0;
  try {
    while (at < bytes.length) {
      const { bytesRead } = await handle.read(bytes, at, Math.min(CHUNK, bytes.length - at), at);
      if (bytesRead === 0) break;
      hash.update(bytes.subarray(at, at + bytesRead));
      at += bytesRead;
    }
  } catch (error) {
    throw fileFailed(docPath, error);
  }
  const sha256 = hash.digest('hex');
  return { bytes: bytes.subarray(0, at), signature: { ...signatureOf(stat, sha256), size: at } };
}

const QUIET_MS = 100;
/** A program that has the file open may pause longer between two pieces of one save. */
const WRITING_MS = 1000;
const ATTEMPTS = { idle: 20, writing: 50 };

/**
 * Waits until the file was left alone for a tenth of a second, at most two seconds; for a second, at most five, while
 * somebody has it open for writing. Many programs save by emptying the file and writing it again: half of such a save
 * is nobody's version.
 */
export async function untilQuiet(handle: FileHandle, clock: Clock, kernel: Kernel | undefined): Promise<void> {
  for (let attempt = 0; !(await isQuiet(handle, clock, kernel)); attempt++) {
    if (attempt >= (kernel?.hasWriter(handle.fd) ? ATTEMPTS.writing : ATTEMPTS.idle)) return;
    await pause(clock);
  }
}

export function pause(clock: Clock): Promise<void> {
  return wait(clock, QUIET_MS);
}

/** Programs remove and rename while they save: only what stays away, or under another name, this long has gone there. */
export const GONE_MS = 1500;

export function wait(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}

/** A time in the future is a clock that moved, not a save. */
export async function isQuiet(handle: FileHandle, clock: Clock, kernel: Kernel | undefined): Promise<boolean> {
  const age = clock.now() - (await handle.stat()).mtimeMs;
  if (age < -QUIET_MS || age >= WRITING_MS) return true;
  return age >= QUIET_MS && kernel?.hasWriter(handle.fd) !== true;
}
