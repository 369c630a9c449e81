import { fail } from '../../common/index.ts';
import type { Verb } from '../edit/verbs.ts';
import { checkPackage } from '../office/check.ts';
import type { KindName, OfficeKind, Part, ResolveOptions } from '../office/kind.ts';
import { OFFICE_KINDS } from '../office/kinds.ts';
import { recognise } from '../office/recognise.ts';
import { inflateEntry, readZip } from '../office/zip.ts';
import type { MethodAnswer } from './methods.ts';

/** Parts whose text is edited. What has a NUL in it is UTF-16 or no XML at all, and stays compressed. */
const IS_TEXT = /\.(?:xml|rels|vml)$/i;

/** Any change would make it a broken one. */
const SIGNATURE = /^_xmlsignatures\/.*\.xml$|^META-INF\/(?:document|macro)signatures\.xml$/i;

export const packageMethods = { unpack, view, resolve, check };

interface Parts {
  kind: KindName;
  names: string[];
}

/**
 * Takes a file apart: the directory, and the inflated texts as blobs in the order of `texts`, which says the entry of
 * each. `kind` is null for an archive that is no Office file. Reads it once as people will, so that what is taken in
 * can be read.
 */
function unpack(_params: unknown, [file]: readonly Buffer[]): MethodAnswer {
  const directory = readZip(file!);
  const contents = new Map<string, Buffer>();
  const of = (name: string): Buffer | undefined => {
    const entry = directory.entries.find((e) => e.name === name);
    return entry && inflateEntry(file!, entry);
  };
  const kind = recognise(of);
  if (kind === undefined || !OFFICE_KINDS[kind]) return { value: { kind: null } };
  for (const entry of directory.entries) {
    const content = inflateEntry(file!, entry);
    if (IS_TEXT.test(entry.name) && !content.includes(0)) contents.set(entry.name, content);
  }
  const parts = [...contents].map(([name, bytes]) => ({ name, bytes }));
  officeKind(kind).view(parts);
  const texts = directory.entries.flatMap((entry, i) => (contents.has(entry.name) ? [i] : []));
  return { value: { kind, directory, texts }, blobs: parts.map((part) => part.bytes) };
}

function view(params: unknown, bodies: readonly Buffer[]): MethodAnswer {
  const { kind, names } = params as Parts;
  return { value: officeKind(kind).view(partsOf(names, bodies)) };
}

function resolve(params: unknown, bodies: readonly Buffer[]): MethodAnswer {
  const { kind, names, verbs, options } = params as Parts & { verbs: Verb[]; options: ResolveOptions };
  if (options.track && kind !== 'docx') {
    throw fail('DOC_VERB_INVALID', { verb: 1, reason: 'only Word documents track changes' });
  }
  if (names.some((name) => SIGNATURE.test(name))) {
    const what = 'the digital signature of the document';
    throw fail('DOC_UNSAFE_SPAN', { verb: 1, what, safe: ['a copy of the document without its signature'] });
  }
  const parts = partsOf(names, bodies);
  const office = officeKind(kind);
  return { value: office.resolve(parts, office.view(parts), verbs, options) };
}

/** The view of a package that was changed. Throws DOC_PARSE_REFUSED unless it could be opened. */
function check(params: unknown, bodies: readonly Buffer[]): MethodAnswer {
  const { kind, names, entries, changed } = params as Parts & { entries: string[]; changed: string[] };
  const parts = partsOf(names, bodies);
  checkPackage(parts, entries, changed);
  return { value: officeKind(kind).view(parts) };
}

function partsOf(names: readonly string[], bodies: readonly Buffer[]): Part[] {
  return names.map((name, i) => ({ name, bytes: bodies[i]! }));
}

function officeKind(kind: KindName): OfficeKind {
  const found = OFFICE_KINDS[kind];
  if (!found) throw fail('DOC_PARSE_REFUSED', { reason: 'a kind that is not known' });
  return found;
}
