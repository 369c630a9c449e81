import { fail, isJinguError } from '../../common/index.ts';
import type { ParsePort } from '../parse/port.ts';
import { type Ask, type Doc, type Landing, type OutlineEntry, type SyntaxFault, wholeOf } from './ask.ts';

/** More is not worth sending to the guest: its formats do not work on longer texts. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Formats whose readers are not ours and run where they can do no harm. Throws what the formats throw. */
export interface TextGuest {
  land(doc: Doc, ask: Ask): Promise<Landing>;
  /** Entries down to `depth` levels, where the format has levels. */
  outline(doc: Doc, depth: number): Promise<OutlineEntry[]>;
  check(doc: Doc): Promise<SyntaxFault | undefined>;
}

/** The parse guest as the reader of texts. What it answers is checked against the text by whoever uses it. */
export function textGuest(parser: ParsePort): TextGuest {
  const ask = async (method: 'landText' | 'outlineText' | 'checkText', doc: Doc, more: object): Promise<unknown> => {
    const { path, version } = doc;
    const bytes = wholeOf(doc, MAX_BYTES);
    try {
      return (await parser.call(method, { path, version, ...more }, [bytes])).value;
    } catch (error) {
      // The guest knows what it refused, not how the document is called.
      if (!isJinguError(error) || error.code !== 'DOC_PARSE_REFUSED') throw error;
      throw fail('DOC_PARSE_REFUSED', { ...error.details, path }, error);
    }
  };
  return {
    land: async (doc, asked) => soundLanding(doc, await ask('landText', doc, { ask: asked })),
    outline: async (doc, depth) => (await ask('outlineText', doc, { depth })) as OutlineEntry[],
    check: async (doc) => ((await ask('checkText', doc, {})) ?? undefined) as SyntaxFault | undefined,
  };
}

/** A guest that went wrong must not be able to point outside of the text. */
function soundLanding(doc: Doc, value: unknown): Landing {
  const landing = value as Landing;
  const isRange = (from: number, to: number): boolean =>
    Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && from <= to && to <= doc.source.bytes;
  let last = 0;
  const isSound =
    typeof landing.address === 'string' &&
    isRange(landing.region.from, landing.region.to) &&
    landing.patches.every(({ at, del, ins }) => {
      const fits = typeof ins === 'string' && at >= last && isRange(at, at + del);
      last = at + del;
      return fits;
    });
  if (!isSound) throw new Error('the parse guest gave an answer without sense');
  return landing;
}
