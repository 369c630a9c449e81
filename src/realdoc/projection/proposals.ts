import { type FileHandle, rename, unlink } from 'node:fs/promises';
import { type Database, newId } from '../../common/index.ts';
import { digestOf } from '../leaf-store.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';
import { Folder } from './folder.ts';
import type { Kernel } from './kernel.ts';
import { besideName, onDisk, temporaryName } from './paths.ts';
import { bigStatOf } from './stat.ts';
import { type Pieces, writeNewFile } from './write-file.ts';

const MARK = 'Jingu proposal';
const MOST = 100;
const CHUNK = 256 * 1024;

/**
 * The newest text of a document that somebody has open, as a file of its own beside it: `name (Jingu proposal).docx`.
 * It goes once the document's own file holds that text. A proposal that a person changed is theirs from then on.
 */
export class Proposals {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Writes or renews the proposal. Returns its name. Throws what the file system throws. */
  async put(file: FileRow, pieces: Pieces, kernel: Kernel | undefined): Promise<string> {
    await using folder = await folderOf(file);
    const known = rows.sideOf(this.#db, file.id);
    if (known?.version === file.head && (await isOurs(folder, known, file.path))) {
      // An earlier try may have failed before the name was durable.
      await folder.sync();
      return known.name;
    }
    const own = onDisk(file).slice(onDisk(file).lastIndexOf('/') + 1);
    const temporary = temporaryName(own, newId('x').slice(2));
    const stat = await bigStatOf(folder.at(own));
    const like = stat && { path: folder.at(own), stat };
    let isPlaced = false;
    try {
      const { sha256 } = await writeNewFile(kernel, folder.at(temporary), pieces, like);
      // The old one goes first: under a row that names another text it would be taken for a person's.
      if (known) await removeOurs(folder, known, file.path);
      const name = await freeName(folder, own);
      // Known before it is there: a scan must not take it for a document of somebody.
      await this.#db.write((tx) => rows.putSide(tx, { file: file.id, version: file.head, name, sha256 }));
      await rename(folder.at(temporary), folder.at(name));
      isPlaced = true;
      await folder.sync();
      return name;
    } finally {
      // On a full disk half a text would take what room is left; what went wrong first is what counts.
      if (!isPlaced) await unlink(folder.at(temporary)).catch(() => undefined);
    }
  }

  /** The document's own file holds the newest text: its proposal goes, unless a person changed it. */
  async drop(file: FileRow): Promise<void> {
    const known = rows.sideOf(this.#db, file.id);
    if (!known) return;
    await using folder = await folderOf(file);
    await removeOurs(folder, known, file.path);
    await this.#db.write((tx) => rows.dropSide(tx, file.id));
  }
}

function isOurs(folder: Folder, known: rows.SideRow, docPath: string): Promise<boolean> {
  return digestAt(folder, known.name, docPath).then((found) => found === known.sha256);
}

/** Durable, also where an earlier try got no further: without its row, what a power cut brings back is a document. */
async function removeOurs(folder: Folder, known: rows.SideRow, docPath: string): Promise<void> {
  if (await isOurs(folder, known, docPath)) await unlink(folder.at(known.name));
  await folder.sync();
}

async function freeName(folder: Folder, own: string): Promise<string> {
  for (let n = 1; n < MOST; n++) {
    const name = besideName(own, MARK, n);
    if (!(await bigStatOf(folder.at(name)))) return name;
  }
  return besideName(own, MARK, Date.now());
}

/** Of what a person may have put there: piece by piece, however much it is. `undefined`: no file. */
async function digestAt(folder: Folder, name: string, docPath: string): Promise<string | undefined> {
  const stat = await bigStatOf(folder.at(name));
  if (!stat?.isFile()) return undefined;
  await using handle = await folder.openFile(name, docPath);
  return handle && (await digestOf(pieces(handle)));
}

/** Each only until the next one is asked for. */
async function* pieces(handle: FileHandle): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let bytes = 1; bytes > 0; ) {
    bytes = (await handle.read(buffer, 0, CHUNK, null)).bytesRead;
    yield buffer.subarray(0, bytes);
  }
}

function folderOf(file: FileRow): Promise<Folder> {
  return Folder.open(file.root, onDisk(file).split('/').slice(0, -1), file.path);
}
