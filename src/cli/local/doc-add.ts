import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { InvokeResult } from '../../protocol/invoke.ts';
import { PATHS } from '../../protocol/rpc.ts';
import { cliFail } from '../cli-error.ts';
import { type Context, call } from '../context.ts';

/**
 * Takes a file from here into a workspace: it is uploaded under its digest, then made a document. A path that ends in
 * `/` means that folder, with the name of the file. The same file again is no second upload of another content.
 */
export async function addDocument(
  context: Context,
  input: { path: string; file: string; note?: string },
): Promise<InvokeResult> {
  const file = resolve(input.file);
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw cliFail('USAGE', { reason: `there is no file ${file}` }, context.locale);
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file)) hash.update(piece as Buffer);
  const sha256 = hash.digest('hex');
  await context.box.upload(`${PATHS.uploads}${sha256}`, createReadStream(file), found.size, context.signal);
  const path = input.path.endsWith('/') ? input.path + basename(file) : input.path;
  return await call(context, 'doc.add', { path, sha256, ...(input.note === undefined ? {} : { note: input.note }) });
}
