import { fail, isJinguError } from '../../common/index.ts';
import { refuseOpaque } from '../documents.ts';
import type { Aim } from '../edit/target.ts';
import type { Verb } from '../edit/verbs.ts';
import { transcodedOf } from '../formats/encoding/transcode.ts';
import { isFlat } from '../office/flat.ts';
import type { ResolveOptions, ViewLine } from '../office/kind.ts';
import type { ParsePort } from '../parse/port.ts';
import type { FileRow, Kind } from '../rows.ts';
import { diffBytes } from '../text/diff.ts';
import type { Change } from '../text/splice.ts';
import type { TextTree } from '../text/tree.ts';
import { HEAD_BYTES, isArchive, type TextFacts, textFacts, whyOpaque, whyRefused } from './kind.ts';
import { Packages, type PackageView } from './package.ts';
import { packageDiff } from './package-diff.ts';
import { ViewCache } from './view-cache.ts';

/** A whole file as its document keeps it. */
export interface Stored {
  facts: TextFacts;
  /** Why an opaque file is one. */
  why: string | null;
  /** The stored text: what versions are made of. */
  bytes: Buffer;
}

/** A version as people read it: numbered lines, as UTF-8. For a text in UTF-8 that is the stored text itself. */
export interface Shown {
  tree: TextTree;
  /** Of an Office file: what its lines are, and where the parts begin in which they stand. */
  places?: { lines: readonly ViewLine[]; starts: readonly number[] };
}

const PACKAGE: TextFacts = { kind: 'package', utf8: true, eol: 'lf', bom: false };
const OPAQUE: TextFacts = { kind: 'opaque', utf8: false, eol: 'none', bom: false };

/**
 * Leads from the bytes of a file to the stored text of its document, and back. Both ways are exact: what was taken in
 * and not changed is given back byte for byte. A text is kept as it is, an Office file taken apart.
 */
export class Contents {
  readonly #packages: Packages | undefined;
  readonly #views = new ViewCache();

  /** Without a way to the parse guest Office files are opaque. */
  constructor(parse?: ParsePort) {
    this.#packages = parse && new Packages(parse);
  }

  /**
   * Throws nothing for what it cannot read: such a file is opaque, and `why` says so. Throws GUEST_UNAVAILABLE where
   * the reader of Office files is not there: that is no fault of the file.
   */
  async take(bytes: Buffer): Promise<Stored> {
    const why = whyOpaque(bytes.subarray(0, HEAD_BYTES));
    if (why === undefined) return { facts: textFacts(bytes), why: null, bytes };
    if (!this.#packages || !isArchive(bytes)) return { facts: OPAQUE, why, bytes };
    try {
      const flat = await this.#packages.take(bytes);
      return flat ? { facts: PACKAGE, why: null, bytes: flat } : { facts: OPAQUE, why: 'zip', bytes };
    } catch (error) {
      if (!isJinguError(error) || error.code !== 'DOC_PARSE_REFUSED') throw error;
      return { facts: OPAQUE, why: whyRefused(error.details), bytes };
    }
  }

  /** The bytes of the file on the share, in pieces. */
  give(file: { kind: Kind }, tree: TextTree): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
    return file.kind === 'package' ? this.#office().give(tree) : tree.pieces();
  }

  /** What somebody changed who saved `after` where `before` was. */
  diff(kind: Kind, before: Buffer, after: Buffer): Change {
    return kind === 'package' ? packageDiff(before, after) : diffBytes(before, after);
  }

  /** Throws DOC_READ_ONLY_KIND where there is nothing to read, DOC_PARSE_REFUSED where it cannot be read now. */
  async shown(file: FileRow, version: number, tree: TextTree): Promise<Shown> {
    const then = asAt(file, version, tree);
    if (then.kind === 'text') return { tree: then.utf8 ? tree : (transcodedOf(tree)?.tree ?? tree) };
    refuseOpaque(then);
    const known = this.#views.get(file.id, version);
    return known ?? this.remember(file, version, await this.view(then, tree));
  }

  /** A text that may not be a version yet, as people read it. */
  async view(file: { path: string; kind: Kind }, tree: TextTree): Promise<Shown> {
    if (file.kind === 'text') return { tree };
    return shownOf(await withPath(file, () => this.#office().view(tree)));
  }

  /** To be called when a text that was viewed has become a version. */
  remember(file: { id: string }, version: number, shown: Shown): Shown {
    this.#views.put(file.id, version, shown);
    return shown;
  }

  /** Drops the views of a document whose versions are taken away. */
  forget(file: string): void {
    this.#views.forget(file);
  }

  /** Verbs on an Office file as splices of its stored text. Throws the errors of an edit. */
  resolve(file: FileRow, tree: TextTree, verbs: readonly Verb[], options: ResolveOptions): Promise<Aim[]> {
    return withPath(file, () => this.#office().resolve(tree, verbs, options));
  }

  /** An Office file made from `before`, as people read it. Throws DOC_PARSE_REFUSED unless it can still be opened. */
  async check(file: FileRow, before: TextTree, after: TextTree): Promise<Shown> {
    return shownOf(await withPath(file, () => this.#office().check(before, after)));
  }

  #office(): Packages {
    if (this.#packages) return this.#packages;
    throw fail('UNAVAILABLE', { reason: 'the reader of Office files is not there' });
  }
}

const judged = new WeakMap<TextTree, TextFacts>();

/** The document as it was at a version: its kind and its encoding may have been others than they are now. */
export function asAt(file: FileRow, version: number, tree: TextTree): FileRow {
  if (version === file.head || !file.mixed) return file;
  const other = otherKind(file.kind, tree);
  if (other) return { ...file, ...other.facts, why: other.why };
  if (file.kind !== 'text') return file;
  const facts = judged.get(tree) ?? textFacts(tree.toBuffer());
  judged.set(tree, facts);
  return { ...file, ...facts };
}

/** What a stored text is, judged by its own bytes; nothing if it is of the kind that it is taken for. */
export function otherKind(kind: Kind, tree: TextTree): { facts: TextFacts; why: string | null } | undefined {
  const head = tree.slice(0, HEAD_BYTES);
  const why = whyOpaque(head) ?? null;
  const facts = isFlat(head) ? PACKAGE : why === null ? undefined : OPAQUE;
  if ((facts?.kind ?? 'text') === kind) return undefined;
  return { facts: facts ?? textFacts(tree.toBuffer()), why: facts === PACKAGE ? null : why };
}

function shownOf({ tree, lines, starts }: PackageView): Shown {
  return { tree, places: { lines, starts } };
}

/** The guest knows no names. */
async function withPath<T>({ path }: { path: string }, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isJinguError(error) || !error.code.startsWith('DOC_')) throw error;
    throw fail(error.code, { ...error.details, path }, error);
  }
}
