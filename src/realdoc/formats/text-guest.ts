import { fail, isJinguError } from '../../common/index.ts';
import type { ParsePort } from '../parse/port.ts';
import { nonsense } from '../parse/sane.ts';
import { type Ask, type Doc, type Landing, type OutlineEntry, type SyntaxFault, wholeOf } from './ask.ts';
import { saneFault, saneLanding, saneOutline } from './text-answers.ts';

/** More is not worth sending to the guest: its formats do not work on longer texts. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Formats whose readers are not ours and run where they can do no harm. Throws what the formats throw. */
export interface TextGuest {
  land(doc: Doc, ask: Ask): Promise<Landing>;
  /** Entries down to `depth` levels, where the format has levels. */
  outline(doc: Doc, depth: number): Promise<OutlineEntry[]>;
  check(doc: Doc): Promise<SyntaxFault | undefined>;
}

/** The parse guest as the reader of texts. What it answers is looked at as what a stranger says. */
export function textGuest(parser: ParsePort): TextGuest {
  const refuse = ({ path }: Doc): never => {
    throw nonsense({ path });
  };
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
    land: async (doc, asked) => {
      const value = await ask('landText', doc, { ask: asked });
      return saneLanding(value, doc.source.bytes) ? value : refuse(doc);
    },
    outline: async (doc, depth) => {
      const value = await ask('outlineText', doc, { depth });
      return saneOutline(value) ? value : refuse(doc);
    },
    check: async (doc) => {
      const value = await ask('checkText', doc, {});
      return value === null ? undefined : saneFault(value) ? value : refuse(doc);
    },
  };
}
