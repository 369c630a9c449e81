import { readAtx } from '../formats/markdown/line-forms.ts';
import { formatOf } from './kind.ts';

export interface OutlineEntry {
  line: number;
  level: number;
  title: string;
}

const MAX_TITLE = 200;
/** A line is judged by its beginning: titles are shorter, and lines that are not may be as long as the file. */
const MAX_LINE = 4096;
const CODE =
  /^(\s*)(?:export\s+)?(?:default\s+)?(?:async\s+)?(?:(?:pub(?:\([^)]*\))?|public|private|protected|static|abstract|final)\s+)*(?:def|class|function|interface|type|enum|struct|trait|impl|fn|func|module|namespace|CREATE TABLE)\s+\S.*/;
const CHAPTER = /^\s*第[一二三四五六七八九十百\d]+([编章节条])/;
const CHAPTER_LEVEL: Record<string, number> = { 编: 1, 章: 1, 节: 2, 条: 3 };

/** The headings, keys or symbols of a text with their lines, as far as they can be told line by line. Pure. */
export function outlineOf(text: string, path: string): OutlineEntry[] {
  const format = formatOf(path);
  const out: OutlineEntry[] = [];
  const lines = text.split('\n');
  let fence = false;
  for (const [i, raw] of lines.entries()) {
    const line = raw.slice(0, MAX_LINE).replace(/\r$/, '');
    const add = (level: number, title: string): void => {
      out.push({ line: i + 1, level, title: title.trim().slice(0, MAX_TITLE) });
    };
    if (format === 'csv') {
      if (i === 0) add(1, line);
      break;
    }
    if (format === 'yaml') {
      const key = /^( *)(?:- )?([^\s#:][^:]*):(?:\s|$)/.exec(line);
      if (key && key[1]!.length <= 2) add(1 + key[1]!.length / 2, key[2]!);
    } else if (format === 'json') {
      const key = /^(\s{0,4})"((?:[^"\\]|\\.)*)"\s*:/.exec(line);
      if (key) add(Math.max(1, Math.ceil(key[1]!.length / 2)), key[2]!);
    } else if (format === 'code') {
      const symbol = CODE.exec(line);
      if (symbol) add(1 + Math.floor(symbol[1]!.length / 2), line);
    } else {
      if (/^\s*(?:```|~~~)/.test(line)) fence = !fence;
      if (fence) continue;
      // A title may stand behind a blank that is none to Markdown, such as an ideographic one.
      const heading = readAtx(line.replace(/^( {0,3}#{1,6})\s/, '$1 '));
      const under = lines[i + 1]?.slice(0, MAX_LINE).trim() ?? '';
      const chapter = CHAPTER.exec(line);
      if (heading) add(heading.level, heading.title);
      else if (line.trim() !== '' && /^(?:={3,}|-{3,})$/.test(under) && !line.includes('|'))
        add(under[0] === '=' ? 1 : 2, line);
      else if (chapter) add(CHAPTER_LEVEL[chapter[1]!] ?? 1, line);
    }
  }
  return out;
}

/** For each line the title of the heading above it. */
export function headingAbove(outline: readonly OutlineEntry[]): (line: number) => string | undefined {
  return (line) => {
    let low = 0;
    let high = outline.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (outline[middle]!.line <= line) low = middle + 1;
      else high = middle;
    }
    return outline[low - 1]?.title;
  };
}
