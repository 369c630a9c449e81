import { createHash } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { FileSignature } from '../rows.ts';
import { copyAttributes } from './attributes.ts';
import type { Kernel } from './kernel.ts';
import { signatureOf } from './read-file.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
/** What is made and digested at once: a millisecond or two, in which nobody is answered, even if no piece is in memory. */
const WRITE_BYTES = 256 * 1024;

/** The bytes of a file, one after the other. */
export type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Writes a file that is not there yet and makes it durable. `like` is the file whose place it shall take: its owner,
 * mode, ACL and attributes are copied. Throws what the file system throws, EEXIST among it.
 */
export async function writeNewFile(
  kernel: Kernel | undefined,
  path: string,
  pieces: Pieces,
  like?: { path: string; stat: BigIntStats },
): Promise<FileSignature> {
  const mode = like ? Number(like.stat.mode & 0o7777n) : 0o664;
  const handle = await open(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, mode);
  try {
    const hash = createHash('sha256');
    await writePieces(handle, pieces, hash);
    if (like) await copyAttributes(kernel, like.path, path, like.stat, await handle.stat({ bigint: true }));
    await handle.sync();
    return signatureOf(await handle.stat({ bigint: true }), hash.digest('hex'));
  } finally {
    await handle.close();
  }
}

async function writePieces(
  handle: FileHandle,
  pieces: Pieces,
  hash: { update(data: Uint8Array): unknown },
): Promise<void> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    let rest = Buffer.concat(waiting);
    hash.update(rest);
    while (rest.length > 0) rest = rest.subarray((await handle.write(rest)).bytesWritten);
    waiting = [];
    size = 0;
  };
  for await (const piece of pieces) {
    waiting.push(piece);
    size += piece.length;
    if (size >= WRITE_BYTES) await flush();
  }
  await flush();
}
