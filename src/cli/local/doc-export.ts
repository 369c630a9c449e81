import { createWriteStream } from 'node:fs';
import { rename, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { cliFail } from '../cli-error.ts';
import { ask, type Context } from '../context.ts';

interface Exported {
  path: string;
  form: 'file' | 'git';
  version?: number;
  documents: number;
  versions: number;
  bytes: number;
  url: string;
}

/**
 * Takes a version or a whole history out of the box into a file here. `-o FILE` says where; left out, the name follows
 * from the document. A file that is there already is kept unless `--force` is given. It has its name only once it is whole.
 */
export async function exportDocument(
  context: Context,
  input: Record<string, unknown>,
  to: { file: string | undefined; force: boolean },
): Promise<Record<string, unknown>> {
  const answer = await ask<Exported>(context, 'doc.export', { form: 'file', ...input });
  const file = resolve(to.file ?? nameOf(answer));
  const part = join(dirname(file), `.${basename(file)}.${process.pid}.part`);
  try {
    await context.box.download(answer.url, createWriteStream(part, { flags: 'wx' }), context.signal);
    await putInPlace(part, file, to.force, context);
  } catch (error) {
    await unlink(part).catch(() => undefined);
    throw error;
  }
  const { url: _, ...rest } = answer;
  return { ...rest, file };
}

async function putInPlace(part: string, file: string, force: boolean, { locale }: Context): Promise<void> {
  if (force) return await rename(part, file);
  const { link } = await import('node:fs/promises');
  try {
    // `link` never replaces what is there.
    await link(part, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw cliFail('USAGE', { reason: `${file} is there already; --force replaces it` }, locale, error);
  }
  await unlink(part);
}

function nameOf({ path, form, version }: Exported): string {
  const name = basename(path);
  if (form === 'git') return `${name.replace(/\.[^.]+$/, '')}.bundle`;
  return name.replace(/(\.[^.]+)?$/, `-v${version ?? 1}$1`);
}
