import type { FormatResolver, Meant, Place } from '../edit/place.ts';
import { noAddresses } from '../edit/place.ts';
import type { Base } from '../edit/target.ts';
import type { Ask, Doc, Landing, OutlineEntry, SyntaxFault } from './ask.ts';
import { CORE_FORMATS, type CoreFormat } from './core.ts';
import { type TextFormat, textFormatOf } from './format-of.ts';

/** Formats whose readers are not ours and run where they can do no harm. Throws what the formats throw. */
export interface TextGuest {
  land(doc: Doc, ask: Ask): Promise<Landing>;
  outline(doc: Doc): Promise<OutlineEntry[]>;
  check(doc: Doc): Promise<SyntaxFault | undefined>;
}

/** Formats that the guest reads. */
const GUEST_FORMATS: ReadonlySet<TextFormat> = new Set(['yaml', 'html', 'xml', 'code']);

/** Resolves cells, pointers, headings, symbols and ids of texts in the format that their name says. */
export function formatAddresses(guest: TextGuest | undefined): FormatResolver {
  return async (base, target, meant) => {
    const doc: Doc = { path: base.path, version: base.version, source: base.tree };
    const ask: Ask = { ...meant, address: target.address };
    const format = textFormatOf(base.path);
    const core = CORE_FORMATS[format];
    if (core) return placeOf(base, core.land(doc, ask), meant, core, doc);
    if (guest && GUEST_FORMATS.has(format)) return placeOf(base, await guest.land(doc, ask), meant);
    return noAddresses(base, target);
  };
}

function placeOf(base: Base, landing: Landing, meant: Meant, core?: CoreFormat, doc?: Doc): Place {
  const { tree } = base;
  const { region } = landing;
  const first = tree.lineAt(region.from);
  const last = Math.min(Math.max(1, tree.lines), Math.max(first, tree.lineAt(Math.max(region.from, region.to - 1))));
  const text =
    core && doc && meant.act !== 'before' && meant.act !== 'after' ? core.meaning?.(doc, landing) : undefined;
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

/** The sections, keys, symbols or columns of a text with their lines and addresses; nothing where there are none. */
export async function outlineIn(doc: Doc, guest: TextGuest | undefined): Promise<OutlineEntry[] | undefined> {
  const format = textFormatOf(doc.path);
  const core = CORE_FORMATS[format];
  if (core) return core.outline(doc);
  return guest && GUEST_FORMATS.has(format) ? guest.outline(doc) : undefined;
}

/** The first thing that makes a text no longer what its name says, or nothing. */
export async function checkIn(doc: Doc, guest: TextGuest | undefined): Promise<SyntaxFault | undefined> {
  const format = textFormatOf(doc.path);
  const core = CORE_FORMATS[format];
  if (core) return core.check?.(doc);
  return guest && GUEST_FORMATS.has(format) ? guest.check(doc) : undefined;
}
