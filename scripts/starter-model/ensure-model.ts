import { link, mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelFile } from './model-file.ts';
import { PartialFile } from './partial-file.ts';
import { ProgressBar, type Screen } from './progress-bar.ts';
import type { Source } from './source.ts';
import { isVerified } from './verified.ts';

export interface EnsureOptions {
  model: ModelFile;
  /** Where the box looks for models, and where a fetched one goes. */
  modelsDirectory: string;
  /** Other places that may have it already; it is linked from there. */
  alsoLookIn?: readonly string[];
  sources: readonly Source[];
  screen: Screen;
  signal: AbortSignal;
}

/**
 * Path of the verified file, or undefined when no source had it; what went wrong was said on `screen` as it happened.
 * Sources are tried in order and go on from each other's bytes. Rejects only when `signal` aborts or the disk fails.
 */
export async function ensureModel(options: EnsureOptions): Promise<string | undefined> {
  const { model, modelsDirectory, screen } = options;
  const path = join(modelsDirectory, model.name);
  if (await isVerified(path, model)) return path;
  await mkdir(modelsDirectory, { recursive: true });
  for (const folder of options.alsoLookIn ?? []) {
    const other = join(folder, model.name);
    if (other === path || !(await isVerified(other, model))) continue;
    await rm(path, { force: true });
    await link(other, path).catch(() => symlink(other, path));
    return path;
  }
  screen.write(`Fetching the starter model (${Math.round(model.bytes / 1e6).toLocaleString('en')} MB, once) …\n`);
  const file = await PartialFile.open(model, path);
  try {
    for (const source of options.sources) {
      if (!file.complete) await tryOne(source, file, options);
      if (!file.complete) continue;
      await file.finish(path);
      // The pieces were right one by one; the whole is read back once from the disk, and that is what counts.
      if (await isVerified(path, model)) return path;
      await rm(path, { force: true });
      screen.write('The disk gave back other bytes than were written to it; the file was removed.\n');
      return undefined;
    }
    return undefined;
  } finally {
    await file.close();
  }
}

async function tryOne(source: Source, file: PartialFile, { screen, signal }: EnsureOptions): Promise<void> {
  const bar = new ProgressBar(screen, file.model.bytes, file.size);
  try {
    await source.fetch(file, signal, () => bar.update(file.size));
    bar.end();
  } catch (error) {
    bar.end();
    signal.throwIfAborted();
    if ((error as { code?: string }).code === 'ENOSPC') throw error;
    screen.write(`  ${source.name}: ${reasonOf(error)}\n`);
  }
}

/** fetch says only "fetch failed"; why is in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause;
  return error instanceof TypeError && cause instanceof Error
    ? cause.message || (cause as { code?: string }).code!
    : error.message;
}
