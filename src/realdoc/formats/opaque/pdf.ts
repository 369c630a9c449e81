import { getDocumentProxy } from 'unpdf';
import { fail } from '../../../common/index.ts';

const MAX_PAGES = 2000;
const MAX_CHARS = 8 * 1024 * 1024;

/**
 * The text of a PDF as lines, each page under a line that numbers it. Words come in the order in which the file draws
 * them. Nothing in the file is run, and no font or picture is decoded. Throws DOC_PARSE_REFUSED.
 */
export async function readPdf(bytes: Buffer): Promise<string[]> {
  const document = await opened(bytes);
  try {
    const pages = document.numPages;
    const out: string[] = [];
    let left = MAX_CHARS;
    for (let n = 1; n <= Math.min(pages, MAX_PAGES) && left > 0; n++) {
      const page = await document.getPage(n);
      const { items } = await page.getTextContent();
      const lines = linesOf(items as { str?: string; hasEOL?: boolean }[], left);
      left -= lines.reduce((sum, line) => sum + line.length + 1, 0);
      if (n > 1) out.push('');
      out.push(`[page ${n} of ${pages}${lines.length === 0 ? ', no text' : ''}]`, ...lines);
      page.cleanup();
    }
    if (pages > MAX_PAGES || left <= 0) out.push('', '[more is not shown]');
    return out;
  } finally {
    await document.loadingTask.destroy();
  }
}

async function opened(bytes: Buffer): ReturnType<typeof getDocumentProxy> {
  try {
    // A copy: the reader keeps and moves what it is given.
    return await getDocumentProxy(new Uint8Array(bytes), {
      disableFontFace: true,
      useSystemFonts: false,
      maxImageSize: 1,
      verbosity: 0,
    });
  } catch (error) {
    const isLocked = error instanceof Error && error.name === 'PasswordException';
    throw fail('DOC_PARSE_REFUSED', { reason: isLocked ? 'it wants a password' : 'it is no PDF that can be read' });
  }
}

function linesOf(items: readonly { str?: string; hasEOL?: boolean }[], limit: number): string[] {
  const lines: string[] = [];
  let line = '';
  let chars = 0;
  const end = (): void => {
    // What looks like a line end inside of a text would be a line of its own.
    const clean = line
      .replaceAll(/[\r\n]+/g, ' ')
      .replaceAll('\0', '')
      .trimEnd();
    if (clean !== '' || (lines.length > 0 && lines.at(-1) !== '')) lines.push(clean);
    line = '';
  };
  for (const { str = '', hasEOL = false } of items) {
    line += str;
    chars += str.length + 1;
    if (hasEOL) end();
    if (chars > limit) break;
  }
  if (line !== '') end();
  while (lines.at(-1) === '') lines.pop();
  return lines;
}
