import { fail, isJinguError } from '../../common/index.ts';
import type { Aim } from '../edit/target.ts';
import type { Verb } from '../edit/verbs.ts';
import { type FlatIndex, flatten, indexFlat, partsOf } from '../office/flat.ts';
import type { KindName, PartAim, ResolveOptions, ViewLine } from '../office/kind.ts';
import { packFlat } from '../office/pack.ts';
import type { ZipDirectory } from '../office/zip.ts';
import type { ParsePort } from '../parse/port.ts';
import { nonsense } from '../parse/sane.ts';
import type { Splice } from '../text/splice.ts';
import { TextTree } from '../text/tree.ts';
import { saneAims, saneDirectory, saneView } from './package-answers.ts';

/** An Office file as people read it. */
export interface PackageView {
  /** One line for each line of the view. */
  tree: TextTree;
  lines: readonly ViewLine[];
  /** Where each part begins in the stored text. */
  starts: readonly number[];
}

const KINDS: readonly string[] = ['docx', 'xlsx', 'pptx', 'odt', 'ods'] satisfies KindName[];

/** Office files: their stored text is the flat form, and whatever has to be parsed is asked of the guest. */
export class Packages {
  readonly #parse: ParsePort;

  constructor(parse: ParsePort) {
    this.#parse = parse;
  }

  /**
   * The flat form of a file; `undefined` for an archive that is no Office file. Throws DOC_PARSE_REFUSED for what cannot
   * be read, and for what could not be written back byte for byte.
   */
  async take(file: Buffer): Promise<Buffer | undefined> {
    const { value, blobs } = await this.#parse.call('unpack', null, [file]);
    const { kind, directory, texts } = value as { kind: unknown; directory: unknown; texts: unknown };
    if (kind === null) return undefined;
    if (!KINDS.includes(kind as string) || !saneDirectory(directory, file) || !Array.isArray(texts)) throw nonsense();
    const { entries } = directory as ZipDirectory;
    const contents = entries.map((_, i) => blobs[texts.indexOf(i)]);
    const flat = flatten(file, kind as KindName, directory as ZipDirectory, contents);
    if (!(await givesBack(flat, file)))
      throw fail('DOC_PARSE_REFUSED', { reason: 'it could not be written back as it is' });
    return flat;
  }

  /** The file of a stored text. */
  give(tree: TextTree): AsyncIterable<Uint8Array> {
    return packFlat(tree, indexFlat(tree));
  }

  /** Throws DOC_PARSE_REFUSED. */
  async view(tree: TextTree): Promise<PackageView> {
    const { index, parts } = this.#opened(tree);
    const { value } = await this.#parse.call('view', ...this.#params(index, parts));
    return viewOf(value, parts);
  }

  /** Verbs as splices of the stored text. Throws the errors of `OfficeKind.resolve`. */
  async resolve(tree: TextTree, verbs: readonly Verb[], options: ResolveOptions): Promise<Aim[]> {
    const { index, parts } = this.#opened(tree);
    const [params, bodies] = this.#params(index, parts);
    const { value } = await this.#parse.call('resolve', { ...params, verbs, options }, bodies);
    if (!saneAims(value, parts, verbs.length)) throw nonsense();
    return value.map((aim) => aimIn(aim, parts[aim.part]!, verbs));
  }

  /** The view of a text that an Office program would open, as it opens `before`. Throws DOC_PARSE_REFUSED. */
  async check(before: TextTree, after: TextTree): Promise<PackageView> {
    const { index, parts } = this.#opened(after);
    const known = new Map(this.#opened(before).parts.map((part) => [part.name, part.bytes]));
    const changed = parts.filter((part) => !known.get(part.name)?.equals(part.bytes)).map((part) => part.name);
    const [params, bodies] = this.#params(index, parts);
    const entries = index.entries.map((entry) => entry.name);
    const { value } = await this.#parse.call('check', { ...params, entries, changed }, bodies);
    return viewOf(value, parts);
  }

  #opened(tree: TextTree): { index: FlatIndex; parts: ReturnType<typeof partsOf> } {
    const index = indexFlat(tree);
    return { index, parts: partsOf(tree, index) };
  }

  #params(index: FlatIndex, parts: ReturnType<typeof partsOf>): [{ kind: KindName; names: string[] }, Buffer[]] {
    return [{ kind: index.kind, names: parts.map((part) => part.name) }, parts.map((part) => part.bytes)];
  }
}

function viewOf(value: unknown, parts: ReturnType<typeof partsOf>): PackageView {
  if (!saneView(value, parts)) throw nonsense();
  const text = value.map((line) => `${line.text}\n`).join('');
  return { tree: TextTree.of(Buffer.from(text)), lines: value, starts: parts.map((part) => part.at) };
}

async function givesBack(flat: Buffer, file: Buffer): Promise<boolean> {
  const source = { bytes: flat.length, slice: (from: number, to: number) => flat.subarray(from, to) };
  let at = 0;
  try {
    for await (const piece of packFlat(source, indexFlat(source))) {
      if (!piece.equals(file.subarray(at, at + piece.length))) return false;
      at += piece.length;
    }
  } catch (error) {
    if (isJinguError(error)) return false;
    throw error;
  }
  return at === file.length;
}

function aimIn(aim: PartAim, part: { at: number; bytes: Buffer }, verbs: readonly Verb[]): Aim {
  const { verb, lines, region } = aim;
  const splices: Splice[] = aim.splices.map(({ at, del, ins }) => {
    return { at: part.at + at, del: part.bytes.subarray(at, at + del), ins: Buffer.from(ins) };
  });
  const known = knows(verbs[verb - 1]!) || lines.to < lines.from;
  return {
    verb,
    lines,
    ...(known ? {} : { unproven: lines }),
    ...(aim.aside === true ? { aside: true as const } : {}),
    region: { from: part.at + region.from, to: part.at + region.to },
    splices,
  };
}

/** The verb itself names some of the text that it changes. */
function knows(verb: Verb): boolean {
  if (verb.was !== undefined || verb.hash !== undefined) return true;
  return 'sub' in verb && (!verb.sub.all || verb.count !== undefined);
}
