import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import type { ModelFile } from './model-file.ts';

/**
 * True when the file has exactly the model's bytes. The answer is remembered beside it (`<file>.verified.json`) with
 * size, time and inode, so that only a file that changed is read again: 1.1 GB take seconds.
 */
export async function isVerified(path: string, model: ModelFile): Promise<boolean> {
  const facts = await factsOf(path, model);
  if (!facts || facts.bytes !== model.bytes) return false;
  const marker = `${path}.verified.json`;
  const known = await readFile(marker, 'utf8').catch(() => '');
  if (known === JSON.stringify(facts)) return true;
  if ((await sha256Of(path)) !== model.sha256) return false;
  // A read-only models folder is fine: it only means reading the file again next time.
  await writeFile(marker, JSON.stringify(facts)).catch(() => {});
  return true;
}

async function factsOf(path: string, model: ModelFile) {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  return { sha256: model.sha256, bytes: found.size, modifiedMs: found.mtimeMs, inode: found.ino };
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
