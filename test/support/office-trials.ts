import { type Char, type Format, readCells, readRuns, readShared, sameAround } from './look-reader.ts';
import { viewOf } from './office-desk.ts';
import { readPlainZip } from './plain-zip.ts';

/** One edit to try: words of a line give way to others. */
export interface Trial {
  line: number;
  find: string;
  replace: string;
  /** Which of the equal words of the line. */
  nth: number;
  /** `Sheet1!B7` */
  address?: string;
  /** `holders`: across the edge of a link, a content control or a field as well, or in what shows a property. */
  across?: 'runs' | 'holders';
}

export const MARK = 'Zwölfjingu';

/** Words of a document in the order in which they are to be tried: those in the middle first. */
export function keywordTrials(file: Buffer, kind: Format): Trial[] {
  const found: Trial[] = [];
  for (const [i, line] of viewOf(file, kind).entries()) {
    const content = line.text.slice(line.prefix?.length ?? 0);
    if (content.includes('|=') && kind === 'xlsx') continue;
    const word = /\p{L}{3,}/u.exec(content)?.[0] ?? (kind === 'xlsx' && /^\d+(?:\.\d+)?$/.test(content) ? content : '');
    if (word === '') continue;
    const replace = /\d/.test(word) ? '4711' : MARK;
    const address = line.address === undefined ? {} : { address: line.address };
    found.push({ line: i + 1, find: word, replace, nth: 1, ...address });
  }
  const middle = Math.floor(found.length / 2);
  return [...found.slice(middle), ...found.slice(0, middle)];
}

/** Words on both sides of a boundary between runs, in lines that read as their paragraph does. At most `max`. */
export function acrossRunTrials(file: Buffer, kind: Format, max: number): Trial[] {
  const lines = new Map<string, number>();
  for (const [i, line] of viewOf(file, kind).entries()) {
    const content = line.text.slice(line.prefix?.length ?? 0);
    if (!lines.has(content)) lines.set(content, i + 1);
  }
  const out: Trial[] = [];
  for (const paragraph of paragraphsOf(readLooks(file, kind))) {
    const text = paragraph.map((char) => char.text).join('');
    const line = lines.get(text);
    if (line === undefined || text.includes('<')) continue;
    for (let i = 1; i < paragraph.length && out.length < max; i++) {
      if (paragraph[i]!.run === paragraph[i - 1]!.run) continue;
      const at = paragraph
        .slice(0, i)
        .map((char) => char.text)
        .join('').length;
      const left = /[\p{L}\p{N}]+[^\p{L}\p{N}]*$/u.exec(text.slice(0, at))?.[0];
      const right = /^[^\p{L}\p{N}]*[\p{L}\p{N}]+/u.exec(text.slice(at))?.[0];
      if (!left || !right) continue;
      const find = left + right;
      const nth = countOf(text.slice(0, at - left.length), find) + 1;
      const chars = paragraph.slice(charIndex(paragraph, at - left.length), charIndex(paragraph, at + right.length));
      const holders = new Set(chars.map((char) => char.holder));
      const isHeld = holders.size > 1 || [...holders].some((holder) => holder.includes('bound '));
      out.push({ line, find, replace: `${MARK} quer`, nth, across: isHeld ? 'holders' : 'runs' });
      break;
    }
  }
  return out;
}

/** Number of the character at this unit of the text. */
function charIndex(paragraph: readonly Char[], unit: number): number {
  let at = 0;
  let index = 0;
  for (; index < paragraph.length && at < unit; index++) at += paragraph[index]!.text.length;
  return index;
}

function countOf(text: string, find: string): number {
  return text.split(find).length - 1;
}

function paragraphsOf(chars: readonly Char[]): Char[][] {
  const out: Char[][] = [];
  for (const char of chars) {
    const last = out.at(-1);
    if (last && last[0]!.block === char.block) last.push(char);
    else out.push([char]);
  }
  return out;
}

const TEXT_PARTS: Record<Format, RegExp> = {
  docx: /^word\/(?:document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml$/,
  pptx: /^ppt\/(?:slides|notesSlides)\/[^/]+\.xml$/,
  xlsx: /^xl\/worksheets\/[^/]+\.xml$/,
};
/** What else an edit may touch: whether formulas are to be worked out again, and names that must equal a cell. */
const BESIDE: Record<Format, RegExp> = {
  docx: /^$/,
  pptx: /^$/,
  xlsx: /^xl\/(?:workbook\.xml|_rels\/workbook\.xml\.rels|calcChain\.xml|tables\/[^/]+\.xml)$|^\[Content_Types\]\.xml$/,
};

/** Every character of the parts that hold text, with its look. */
export function readLooks(file: Buffer, kind: Format): Char[] {
  const entries = readPlainZip(file);
  const strings = entries.find((entry) => entry.name.toLowerCase() === 'xl/sharedstrings.xml');
  const shared = strings ? readShared(strings.content().toString('utf8')) : [];
  const out: Char[] = [];
  for (const entry of entries.filter(({ name }) => TEXT_PARTS[kind].test(name))) {
    const xml = entry.content().toString('utf8');
    const base = out.at(-1)?.block ?? 0;
    for (const char of kind === 'xlsx' ? readCells(xml, shared) : readRuns(xml)) {
      out.push({ ...char, block: base + char.block + 1, look: `${entry.name} ${char.look}` });
    }
  }
  return out;
}

export interface Untouched {
  parts: number;
  identical: number;
  /** Charts, pivots, drawings, media. */
  special: number;
  specialIdentical: number;
}

/**
 * Compares a file before and after one edit. Throws where a part that has nothing to do with it is not the same bytes,
 * compressed as it was, or where a character that was not named looks or says anything else.
 */
export function compare(before: Buffer, after: Buffer, kind: Format, trial: Trial): Untouched {
  const [old, now] = [readPlainZip(before), readPlainZip(after)];
  if (old.length !== now.length) throw new Error(`${old.length} parts became ${now.length}`);
  const counts: Untouched = { parts: 0, identical: 0, special: 0, specialIdentical: 0 };
  let texts = 0;
  for (const [i, entry] of old.entries()) {
    if (now[i]!.name !== entry.name) throw new Error(`${entry.name} became ${now[i]!.name}`);
    const isSame = now[i]!.raw.equals(entry.raw);
    const isText = TEXT_PARTS[kind].test(entry.name);
    if (!isSame && (isText || BESIDE[kind].test(entry.name))) {
      if (isText) texts++;
      continue;
    }
    counts.parts++;
    if (isSame) counts.identical++;
    if (!/\/(?:charts|pivotTables|pivotCache|drawings|media|diagrams|embeddings)\//.test(entry.name)) continue;
    counts.special++;
    if (isSame) counts.specialIdentical++;
  }
  if (texts !== 1) throw new Error(`${texts} parts with text changed`);
  // A number is stored with more digits than anybody sees.
  const gone = kind === 'xlsx' && /^\d/.test(trial.find) ? 24 : [...trial.find].length;
  sameAround(readLooks(before, kind), readLooks(after, kind), gone, [...trial.replace].length);
  return counts;
}

/** The verb of `doc.edit` for a trial. */
export function verbOf(trial: Trial): object {
  const { find, replace, line, nth } = trial;
  return { sub: { find, replace, line, nth } };
}
