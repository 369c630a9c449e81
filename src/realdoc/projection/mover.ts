import type { Clock, Database } from '../../common/index.ts';
import * as rows from '../repository/index.ts';
import type { FileRow, FileSignature, ProjectionRow } from '../rows.ts';
import type { Displaced } from './displaced.ts';
import type { Folder } from './folder.ts';
import type { Kernel } from './kernel.ts';
import type { Proposals } from './proposals.ts';
import { exchangeFiles, relocate } from './relocate.ts';
import { refuseIfAway } from './roots.ts';

/** Until a file that somebody has open is tried again, and until one that waits for another looks whether it went. */
const HELD_MS = 5000;
const PASS_MS = 200;

export interface MoverOptions {
  db: Database;
  clock: Clock;
  displaced: Displaced;
  proposals: Proposals;
  kernel: () => Promise<Kernel | undefined>;
  /** Takes in what is on the share now. Never throws. */
  adopt: (file: FileRow) => Promise<unknown>;
  /** Why a document must not be touched now: somebody has it open. */
  hold: (file: FileRow, folder: Folder, name: string) => Promise<string | undefined>;
}

/** What moving needs of the projector that drives it. */
export interface MoverBack {
  kick(file: string): void;
  later(file: string, ms: number): void;
  record(file: FileRow, row: ProjectionRow): Promise<void>;
}

/** Moves files on the share after documents that were renamed in the box. One document at a time, as the projector says. */
export class Mover {
  readonly #o: MoverOptions;
  readonly #back: MoverBack;

  constructor(options: MoverOptions, back: MoverBack) {
    this.#o = options;
    this.#back = back;
  }

  /** The document was renamed in the box: its file goes along before anything else becomes of it. */
  async bring(file: FileRow, row: ProjectionRow, lies: string): Promise<'done' | 'again'> {
    const workspace = rows.workspaceById(this.#o.db, file.workspace);
    if (!workspace || !row.signature) return 'done';
    await refuseIfAway(workspace, file.rel);
    await this.#o.displaced.settle(file.id);
    await this.#o.proposals.drop({ ...file, rel: lies, disk: null });
    const moved = await relocate(file, lies, row.signature, (folder, name) =>
      this.#o.hold({ ...file, rel: lies, disk: null }, folder, name),
    );
    if (moved.outcome === 'held') {
      await this.#back.record(file, { ...row, state: 'held', reason: moved.reason });
      this.#back.later(file.id, HELD_MS);
      return 'done';
    }
    if (moved.outcome === 'taken') {
      const other = rows.lyingAt(this.#o.db, file.workspace, file.rel);
      if (other !== undefined) return await this.#passBy(file, row, lies, other);
      // Whose it is, is found out as with any file under a document's name; ours stays where it is, as a new document.
      await this.#placed(file, row, row.signature);
      await this.#o.adopt(file);
      return 'again';
    }
    await this.#placed(file, row, moved.outcome === 'here' ? moved.signature : row.signature);
    return 'again';
  }

  /** Where the file is to go lies that of another document, on its way too: it goes first, or both change places. */
  async #passBy(file: FileRow, row: ProjectionRow, lies: string, other: string): Promise<'done' | 'again'> {
    const theirs = rows.fileById(this.#o.db, other);
    const isCircle = theirs?.state === 'live' && rows.lyingAt(this.#o.db, file.workspace, theirs.rel) !== undefined;
    // One of the two makes the exchange.
    if (!isCircle || other < file.id) {
      this.#back.kick(other);
      this.#back.later(file.id, PASS_MS);
      return 'done';
    }
    if (!(await exchangeFiles(await this.#o.kernel(), file, lies))) {
      throw new Error('two documents have each other’s name, and this disk cannot exchange files');
    }
    await this.#o.db.write((tx) => {
      const known = rows.projection(tx, other);
      const now = rows.fileById(tx, other);
      if (known && now) rows.putProjection(tx, { ...known, lies: now.rel === lies ? null : lies });
    });
    await this.#placed(file, row, row.signature!);
    this.#back.kick(other);
    return 'again';
  }

  /** The file lies under the name that the document had when it was moved; it may have got yet another one since. */
  async #placed(file: FileRow, row: ProjectionRow, signature: FileSignature): Promise<void> {
    await this.#o.db.write((tx) => {
      const known = rows.projection(tx, file.id);
      const now = rows.fileById(tx, file.id);
      if (!known || !now || known.lies !== row.lies) return;
      rows.putProjection(tx, {
        ...known,
        lies: now.rel === file.rel ? null : file.rel,
        signature: known.signature?.sha256 === signature.sha256 ? signature : known.signature,
        at: this.#o.clock.now(),
      });
    });
  }
}
