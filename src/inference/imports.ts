import { constants } from 'node:fs';
import { copyFile, mkdir, open, stat, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { type Clock, type Database, fail, newId } from '../common/index.ts';
import type { ModelFiles } from './model-files.ts';
import type { ModelRecord } from './model-record.ts';
import { modelPath } from './part-file.ts';
import { type ImportRow, imports } from './repository.ts';

export interface ImportsOptions {
  db: Database;
  clock: Clock;
  files: ModelFiles;
  directory: string;
  records(): readonly ModelRecord[];
}

export interface Imported {
  id: string;
  bytes: number;
  sha256: string;
  known: boolean;
}

/** Takes model files from a disk or a stick. The copy is hashed, not the original: only the box can change the copy. */
export class Imports {
  readonly #o: ImportsOptions;

  constructor(options: ImportsOptions) {
    this.#o = options;
  }

  /**
   * Copies, hashes and keeps a file. A known digest gets its catalogue entry; an unknown one gets a record of its own,
   * which the caller writes with `record`. Importing the same bytes again changes nothing.
   * Throws MODEL_FILE_INVALID, DISK_FULL.
   */
  async take(file: string): Promise<Imported & { row: ImportRow | undefined }> {
    await requireGguf(file);
    const part = modelPath(this.#o.directory, `${newId('import', this.#o.clock.now())}.gguf`).concat('.part');
    await mkdir(dirname(part), { recursive: true, mode: 0o700 });
    try {
      await copyFile(file, part, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      await settle(part);
      const { size: bytes } = await stat(part);
      const sha256 = await this.#o.files.digest(part);
      const known = this.#o.records().find((record) => record.sha256 === sha256);
      const row = known ? undefined : this.#newRow(file, bytes, sha256);
      await this.#o.files.name(part, modelPath(this.#o.directory, known?.file ?? row!.file), sha256);
      return { id: known?.id ?? row!.id, bytes, sha256, known: known !== undefined, row };
    } catch (error) {
      await unlink(part).catch(() => {});
      throw (error as { code?: string }).code === 'ENOSPC' ? fail('DISK_FULL', {}, error) : error;
    }
  }

  async record(row: ImportRow): Promise<void> {
    await this.#o.db.write((tx) => imports.put(tx, row));
  }

  #newRow(file: string, bytes: number, sha256: string): ImportRow {
    const stem = basename(file)
      .replace(/\.gguf$/i, '')
      .toLowerCase()
      .replaceAll(/[^a-z0-9.]+/g, '-')
      .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
    const slug = stem === '' ? 'model' : stem.slice(0, 80);
    const taken = this.#o.records().some((record) => record.id === slug);
    const id = taken ? `${slug}-${sha256.slice(0, 8)}` : slug;
    return {
      id,
      name: basename(file).slice(0, 200),
      file: `${id}.gguf`,
      bytes,
      sha256,
      imported_at: this.#o.clock.now(),
      imported_by: null,
    };
  }
}

async function requireGguf(file: string): Promise<void> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await handle.stat()).isFile()) throw fail('MODEL_FILE_INVALID', { reason: 'it is not a file' });
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
      // The rest of the header is hostile input and is read in the engine guest only.
      if (bytesRead < 4 || buffer.toString('latin1') !== 'GGUF') {
        throw fail('MODEL_FILE_INVALID', { reason: 'it is not a GGUF file' });
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ENOENT') throw fail('MODEL_FILE_INVALID', { reason: 'there is no such file' }, error);
    if (code === 'EACCES') throw fail('MODEL_FILE_INVALID', { reason: 'the box may not read it' }, error);
    throw error;
  }
}

async function settle(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.chmod(0o600);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
