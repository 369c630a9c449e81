import type { Reader } from '../../common/index.ts';
import { type LeafStore, treeDigest } from '../leaf-store.ts';
import { giveWay } from '../pace.ts';
import { onDisk } from '../projection/paths.ts';
import { readDocument } from '../projection/read-document.ts';
import * as rows from '../repository/index.ts';
import type { FileRow, OpRow, ProjectionRow, TreeRow } from '../rows.ts';
import { packFull, plainChange, sameAs, unpackChange } from '../text/codec.ts';
import type { TextTree } from '../text/tree.ts';
import { CHAIN_START, versionDigest } from './chain.ts';

export interface Problem {
  path: string;
  version: number;
  problem: string;
}

const PAGE = 500;

/**
 * Checks the history of one document: the digest chain from where it starts to the head, and with `full` that the log,
 * applied in scratch space from the first stored text, gives every stored tree and the sizes it names, and that every
 * stored leaf holds the bytes it was stored with. What was made since `file` was read is left out. Returns what does not
 * hold; reads only.
 */
export async function verifyHistory(db: Reader, leaves: LeafStore, file: FileRow, full: boolean): Promise<Problem[]> {
  if (full) {
    // What lies in the database and on the disk counts, not what memory holds of it.
    rows.forgetPacks();
    leaves.forget();
  }
  const check = new HistoryCheck(db, leaves, file, full);
  try {
    while (check.version < file.head) {
      const page = rows.opsBetween(db, file.id, check.version, Math.min(check.version + PAGE, file.head));
      if (page.length === 0) break;
      for (const op of page) await check.next(op);
      await giveWay();
    }
  } catch (error) {
    check.report(check.version, error instanceof Error ? error.message : 'unreadable');
  }
  if (check.version !== file.head) check.report(file.head, `the log ends at version ${check.version}`);
  if (check.digest !== file.digest) {
    check.report(file.head, 'the document names another digest than its last version');
  }
  // In one moment: what was made meanwhile has its row by now, what was hidden has none.
  const { head } = rows.fileById(db, file.id) ?? file;
  if (rows.opsBetween(db, file.id, head, head + 1).length > 0)
    check.report(head, 'the log goes on after its last version');
  return check.problems;
}

class HistoryCheck {
  readonly problems: Problem[] = [];
  version = 0;
  digest = CHAIN_START;
  #tree: TextTree | undefined;
  readonly #sames: ReadonlyMap<number, number>;
  /** Versions that later ones go back to, and those of them that were met, with their texts. */
  readonly #wanted: ReadonlySet<number>;
  readonly #met = new Map<number, TextTree | undefined>();
  readonly #leaves: LeafStore;
  readonly #path: string;
  readonly #full: boolean;
  readonly #stored: Map<number, TreeRow>;

  constructor(db: Reader, leaves: LeafStore, file: FileRow, full: boolean) {
    this.#leaves = leaves;
    this.#path = file.path;
    this.#full = full;
    this.#stored = new Map(rows.treesOf(db, file.id).map((row) => [row.version, row]));
    this.#sames = rows.samesOf(db, file.id);
    this.#wanted = new Set(this.#sames.values());
  }

  report(version: number, problem: string): void {
    this.problems.push({ path: this.#path, version, problem });
  }

  async next(op: OpRow): Promise<void> {
    const start = op.version - op.span;
    if (start !== this.version) this.report(this.version + 1, 'a version is missing');
    this.version = op.version;
    if (start > 0 && op.prev !== this.digest) this.report(op.version, 'the chain does not join the version before');
    if (!fits(op)) this.report(op.version, 'the digest does not fit what is stored');
    this.digest = op.digest;
    const stored = this.#stored.get(op.version);
    const same = sameAs(op.splices);
    if (same !== this.#sames.get(op.version)) this.report(op.version, 'the text of another version is meant');
    if (same !== undefined && !this.#met.has(same))
      this.report(op.version, 'the version that it goes back to is missing');
    if (same === undefined && (op.isFull || start === 0) && !stored) {
      this.report(op.version, start === 0 ? 'the first text is missing' : 'the text of the version is missing');
    }
    if (same === undefined && op.isFull && stored && !isTextOf(op, stored))
      this.report(op.version, 'the stored text is another one');
    if (this.#full) await this.#replay(op, stored);
    if (this.#wanted.has(op.version)) this.#met.set(op.version, this.#tree);
  }

  async #replay(op: OpRow, stored: TreeRow | undefined): Promise<void> {
    const same = sameAs(op.splices);
    const begins = same === undefined && (op.isFull || op.version === op.span);
    if (begins) this.#tree = stored && this.#leaves.open(stored);
    else if (same !== undefined) this.#tree = this.#met.get(same);
    else this.#tree = this.#tree?.apply(unpackChange(op.splices));
    const tree = this.#tree;
    if (!tree) return;
    if (tree.bytes !== op.bytes || tree.newlines !== op.newlines) {
      this.report(op.version, 'the text has another size than recorded');
    }
    if (!stored) return;
    const found = await treeDigest(this.#leaves.open(stored));
    if (stored.sha256 !== '' && found !== stored.sha256) this.report(op.version, 'a stored text is damaged');
    if (!begins && (await treeDigest(tree)) !== found) this.report(op.version, 'replay gives another text');
  }
}

/** The digest of a version that stands for itself; the seal of one that stands for several. */
function fits(op: OpRow): boolean {
  const plain = op.isFull ? op.splices : plainChange(unpackChange(op.splices));
  return versionDigest(op, plain) === (op.seal ?? op.digest);
}

function isTextOf(op: OpRow, stored: TreeRow): boolean {
  return Buffer.compare(op.splices, packFull(stored.sha256)) === 0;
}

/** Compares the file on the share with what the projection says it holds. */
export async function verifyFile(db: Reader, file: FileRow): Promise<Problem[]> {
  for (let now = known(db, file.id); now; ) {
    const { rel, row } = now;
    const content = await readDocument(file.root, rel, file.path);
    const after = known(db, file.id);
    if (after?.state === now.state) {
      if (!content) return [{ path: file.path, version: row.version, problem: 'the file is missing on the share' }];
      if (!('why' in content) && content.signature.sha256 === row.signature?.sha256) return [];
      return [{ path: file.path, version: row.version, problem: 'the file on the share differs' }];
    }
    // We put another version there, or another name, while it was read: that says nothing about the share.
    now = after;
  }
  return [];
}

/** Where the file lies and what it holds, while it is what the share is to show. */
function known(db: Reader, id: string): { rel: string; row: ProjectionRow; state: string } | undefined {
  const file = rows.fileById(db, id);
  const row = rows.projection(db, id);
  if (file?.state !== 'live' || !row?.signature || row.state !== 'written') return undefined;
  const rel = row.lies ?? onDisk(file);
  return { rel, row, state: JSON.stringify([rel, row.version, row.signature]) };
}
