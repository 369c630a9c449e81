import { isJinguError } from '../../common/index.ts';
import type { CheckSyntax } from '../edit/advisory.ts';
import type { FormatResolver, Meant, Place } from '../edit/place.ts';
import { noAddresses } from '../edit/place.ts';
import type { Base } from '../edit/target.ts';
import type { ParsePort } from '../parse/port.ts';
import { type Ask, type Doc, type Landing, type OutlineEntry, sourceOf } from './ask.ts';
import { CORE_FORMATS, type CoreFormat } from './core.ts';
import { type TextFormat, textFormatOf } from './format-of.ts';
import { type TextGuest, textGuest } from './text-guest.ts';

/** Formats that the guest reads. Their own table would bring their readers into the core. */
const IN_GUEST: ReadonlySet<TextFormat> = new Set(['yaml', 'html', 'xml', 'code']);

/** Resolves cells, pointers, headings, symbols and ids of texts in the format that their name says. */
export function formatAddresses(guest: TextGuest | undefined): FormatResolver {
  return async (base, target, meant) => {
    const doc: Doc = { path: base.path, version: base.version, source: base.tree };
    const ask: Ask = { ...meant, address: target.address };
    const format = textFormatOf(base.path);
    const core = CORE_FORMATS[format];
    if (core) return placeOf(base, core.land(doc, ask), meant, core, doc);
    if (guest && IN_GUEST.has(format)) return placeOf(base, await guest.land(doc, ask), meant);
    return noAddresses(base, target);
  };
}

function placeOf(base: Base, landing: Landing, meant: Meant, core?: CoreFormat, doc?: Doc): Place {
  const { tree } = base;
  const { region } = landing;
  const first = tree.lineAt(region.from);
  const last = Math.min(Math.max(1, tree.lines), Math.max(first, tree.lineAt(Math.max(region.from, region.to - 1))));
  const text = core && doc && (meant.act === 'set' || meant.act === 'show') ? core.meaning?.(doc, landing) : undefined;
  const splices = landing.patches.map(({ at, del, ins }) => ({
    at,
    del: tree.slice(at, at + del),
    ins: Buffer.from(ins),
  }));
  return {
    lines: { from: Math.min(first, last), to: last },
    region,
    ...(text === undefined ? {} : { text }),
    print: (lines) => {
      if (!core || !doc) return Buffer.from(lines.join('\n'));
      const again = core.land(doc, { ...meant, act: 'set', address: landing.address, text: lines });
      return Buffer.from(again.patches[0]!.ins);
    },
    ...(meant.act === 'show' ? {} : { splices }),
  };
}

/** What the room asks of the formats of texts: addresses, outlines, checks. */
export class Formats {
  readonly #guest: TextGuest | undefined;

  constructor(parser: ParsePort | undefined) {
    this.#guest = parser && textGuest(parser);
  }

  /** Finds the addresses of texts for the verbs of an edit. */
  get addresses(): FormatResolver {
    return formatAddresses(this.#guest);
  }

  /** The first thing that makes a text no longer what its name says; nothing if there is none, or nobody can tell. */
  readonly check: CheckSyntax = async (path, bytes) => {
    const doc: Doc = { path, version: 0, source: sourceOf(bytes) };
    const format = textFormatOf(path);
    const core = CORE_FORMATS[format];
    if (bytes.length > (core ? MAX_CHECKED : MAX_CHECKED_IN_GUEST)) return undefined;
    const inGuest = this.#guest && IN_GUEST.has(format) ? this.#guest : undefined;
    const fault = core ? core.check?.(doc) : inGuest && (await soon(inGuest.check(doc)));
    return fault && { line: fault.line, message: fault.reason };
  };

  /**
   * Sections, keys, symbols or columns with their lines and addresses, `depth` levels of them. Nothing for a text whose
   * format has no reader, or that the reader cannot read: its lines may still tell something.
   */
  async outline(doc: Doc, depth: number): Promise<OutlineEntry[] | undefined> {
    const format = textFormatOf(doc.path);
    const core = CORE_FORMATS[format];
    if (core) return core.outline(doc, depth);
    if (!this.#guest || !IN_GUEST.has(format)) return undefined;
    try {
      return await this.#guest.outline(doc, depth);
    } catch (error) {
      if (isJinguError(error) && NO_OUTLINE.has(error.code)) return undefined;
      throw error;
    }
  }

  /** What may be said instead of some lines: the row, key, section or symbol that begins there. */
  async lineAddresses(doc: Doc, lines: readonly number[]): Promise<Map<number, string>> {
    const core = CORE_FORMATS[textFormatOf(doc.path)];
    if (core?.lineAddresses) return core.lineAddresses(doc, lines);
    const wanted = new Set(lines);
    const out = new Map<number, string>();
    for (const { line, address } of (await this.outline(doc, MAX_DEPTH)) ?? []) {
      if (address !== undefined && wanted.has(line) && !out.has(line)) out.set(line, address);
    }
    return out;
  }
}

/** An edit waits for its check, so what takes longer than this is not worth knowing. */
const MAX_CHECKED = 1024 * 1024;
const MAX_CHECKED_IN_GUEST = 512 * 1024;
const CHECK_MS = 2000;

/** The answer, or nothing if it does not come soon: the guest may be busy with a monster. */
async function soon<T>(answer: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, CHECK_MS, undefined);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    answer.catch(() => undefined);
  }
}

const MAX_DEPTH = 8;
const NO_OUTLINE: ReadonlySet<string> = new Set([
  'DOC_PARSE_REFUSED',
  'DOC_SYNTAX',
  'GUEST_UNAVAILABLE',
  'UNAVAILABLE',
]);
