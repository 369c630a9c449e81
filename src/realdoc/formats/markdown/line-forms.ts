/*
 * Forms of one line (CommonMark 0.31). A line may be as long as a file and written to be slow to read, and this runs in the
 * core: no pattern here has two neighbours that can share the same blanks, and none repeats a group over a whole line.
 */

/** `# Title ##` as its level and title; the closing marks count only behind a blank. */
export function readAtx(line: string): { level: number; title: string } | undefined {
  const marks = /^ {0,3}(#{1,6})(?![^ \t])/.exec(line);
  if (!marks) return undefined;
  const text = trimBlanks(line.slice(marks[0].length));
  let end = text.length;
  while (text[end - 1] === '#') end--;
  const isClosed = end === 0 || isBlankAt(text, end - 1);
  return { level: marks[1]!.length, title: isClosed ? trimBlanks(text.slice(0, end)) : text };
}

/** `---`, `* * *`, `_ _ _`. */
export function isRule(line: string): boolean {
  const at = /^ {0,3}(?=[-*_])/.exec(line)?.[0].length;
  if (at === undefined) return false;
  let marks = 0;
  for (let i = at; i < line.length; i++) {
    if (line[i] === line[at]) marks++;
    else if (!isBlankAt(line, i)) return false;
  }
  return marks >= 3;
}

const MAX_TAG = 16_384;
const HTML_TAG =
  /^ {0,3}<(?:\/[A-Za-z][A-Za-z0-9-]*[ \t]*|[A-Za-z][A-Za-z0-9-]*(?:[ \t]+[A-Za-z_:][\w.:-]*(?:[ \t]*=[ \t]*(?:"[^"]*"|'[^']*'|[^ \t"'=<>`]+))?)*[ \t]*\/?)>[ \t]*$/;

/** One tag alone on its line (HTML blocks of kind 7). A tag longer than anybody writes is text. */
export function isTagAlone(line: string): boolean {
  return line.length <= MAX_TAG && HTML_TAG.test(line);
}

/** The row below the header of a table: `|---|:-:|`. */
export function isDelimiterRow(line: string): boolean {
  if (!/^ {0,3}[-:|]/.test(line)) return false;
  return cellsIn(line).every(({ from, to }) => {
    const start = line[from] === ':' ? from + 1 : from;
    const end = line[to - 1] === ':' ? to - 1 : to;
    if (end <= start) return false;
    for (let i = start; i < end; i++) if (line[i] !== '-') return false;
    return true;
  });
}

/** Whether a line closes a fence of these marks. */
export function closesFence(line: string, mark: string): boolean {
  const text = trimBlanks(line);
  if (text.length < mark.length || !/^ {0,3}[`~]/.test(line)) return false;
  for (let i = 0; i < text.length; i++) if (text[i] !== mark[0]) return false;
  return true;
}

/** Offsets of the cells of a table row, without the blanks around; `\|` is content (GFM 4.10). */
export function cellsIn(line: string): { from: number; to: number }[] {
  let [from, end] = withoutBlanks(line, 0, line.length);
  if (line[from] === '|') from++;
  if (end > from && line[end - 1] === '|' && line[end - 2] !== '\\') end--;
  const cells: { from: number; to: number }[] = [];
  let start = from;
  for (let i = from; i <= end; i++) {
    if (i < end && line[i] === '\\') {
      i++;
      continue;
    }
    if (i < end && line[i] !== '|') continue;
    const [a, b] = withoutBlanks(line, start, Math.min(i, end));
    cells.push({ from: a, to: b });
    start = i + 1;
  }
  return cells;
}

export function trimBlanks(line: string): string {
  return line.slice(...withoutBlanks(line, 0, line.length));
}

function withoutBlanks(line: string, from: number, to: number): [from: number, to: number] {
  let [a, b] = [from, to];
  while (a < b && isBlankAt(line, a)) a++;
  while (b > a && isBlankAt(line, b - 1)) b--;
  return [a, b];
}

function isBlankAt(line: string, i: number): boolean {
  return line[i] === ' ' || line[i] === '\t';
}
