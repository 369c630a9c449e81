import { fail, isJinguError } from '../../../common/index.ts';
import type { ParsePort } from '../../parse/port.ts';
import { nonsense } from '../../parse/sane.ts';
import { TextTree } from '../../text/tree.ts';
import { saneLines } from '../text-answers.ts';
import { PICTURE_HEAD, pictureFacts } from './picture.ts';

/** Longer files of these kinds are kept, but not read. */
const MAX_PDF = 64 * 1024 * 1024;
const MAX_UTF16 = 32 * 1024 * 1024;

/** Files read last, so that the second page of a PDF does not cost what the first did. */
const KEPT = 8;

/** Opaque files as people read them, with what was read last kept by document and version. */
export class OpaqueReadings {
  readonly #parser: ParsePort | undefined;
  readonly #kept = new Map<string, TextTree | undefined>();

  constructor(parser: ParsePort | undefined) {
    this.#parser = parser;
  }

  /** Nothing if there is nothing to read. Throws DOC_PARSE_REFUSED, with the path. */
  async of(file: { id: string; path: string }, version: number, stored: TextTree): Promise<TextTree | undefined> {
    const key = `${file.id} ${version}`;
    if (this.#kept.has(key)) return this.#kept.get(key);
    try {
      const read = await readOpaque(stored, this.#parser);
      this.#kept.set(key, read);
      for (const old of this.#kept.keys()) if (this.#kept.size > KEPT) this.#kept.delete(old);
      return read;
    } catch (error) {
      if (!isJinguError(error) || error.code !== 'DOC_PARSE_REFUSED') throw error;
      throw fail('DOC_PARSE_REFUSED', { ...error.details, path: file.path }, error);
    }
  }
}

/**
 * What people can read of a file that nobody edits here: the text of a PDF, the words of a text in UTF-16, kind and size
 * of a picture. Nothing if there is nothing to read. Throws DOC_PARSE_REFUSED for a PDF that cannot be read.
 */
export async function readOpaque(stored: TextTree, parser: ParsePort | undefined): Promise<TextTree | undefined> {
  const head = stored.slice(0, 16);
  if (head.toString('latin1', 0, 5) === '%PDF-') {
    if (!parser || stored.bytes > MAX_PDF) return undefined;
    const { value } = await parser.call('readPdf', {}, [stored.toBuffer()]);
    if (!saneLines(value)) throw nonsense();
    return linesTree(value);
  }
  const utf16 =
    head[0] === 0xff && head[1] === 0xfe ? 'utf-16le' : head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : undefined;
  if (utf16) {
    if (stored.bytes > MAX_UTF16) return undefined;
    return TextTree.of(Buffer.from(new TextDecoder(utf16).decode(stored.toBuffer())));
  }
  const picture = pictureFacts(stored.slice(0, PICTURE_HEAD));
  if (!picture) return undefined;
  return linesTree([`[${picture.type} picture, ${picture.width} x ${picture.height} pixels, ${stored.bytes} bytes]`]);
}

function linesTree(lines: readonly string[]): TextTree {
  return TextTree.of(Buffer.from(lines.map((line) => `${line}\n`).join('')));
}
