/** The parts of a document that an instruction can be about, found by form alone. */
export type Format = 'markdown' | 'csv' | 'yaml' | 'text';

export interface Candidate {
  /** 1-based line. */
  line: number;
  /** Indentation and list marker or key, kept aside: offered to a model, markers make it pick numbers instead of content. */
  prefix: string;
  /** What a model sees and copies. */
  body: string;
  kind: 'line' | 'row' | 'heading';
  /** Headings, parent keys or the header row above it, outermost first. */
  context: string[];
  /** Cells of a table or CSV row, in order, as they stand between the separators. */
  cells?: Cell[];
}

export interface Cell {
  column: string;
  /** Where its text stands in the line: `[start, end)` in UTF-16 units, without padding. */
  start: number;
  end: number;
  value: string;
}

export interface Structure {
  path: string;
  format: Format;
  lines: readonly string[];
  candidates: Candidate[];
}

export function structureOf(path: string, lines: readonly string[]): Structure {
  const format = formatOf(path);
  if (format === 'csv') return { path, format, lines, candidates: csvCandidates(path, lines) };
  if (format === 'yaml') return { path, format, lines, candidates: yamlCandidates(lines) };
  return { path, format, lines, candidates: proseCandidates(lines, format) };
}

function formatOf(path: string): Format {
  const ending = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  if (ending === 'csv' || ending === 'tsv') return 'csv';
  if (ending === 'yaml' || ending === 'yml') return 'yaml';
  return ending === 'md' || ending === 'markdown' ? 'markdown' : 'text';
}

/** Bullets, numbers, letters, Chinese ordinals, check boxes, quote marks. */
const MARKER =
  /^(\s*(?:>\s*)*(?:(?:[-*+•·]|\(?\d{1,4}[.、)]|\(?[a-zA-Z][.)]|[((]?[一二三四五六七八九十]{1,4}[、))])(?:\s+|(?<=[、)]))(?:\[[ xX]\]\s+)?)?)/;
const TABLE_RULE = /^\s*\|?(?:\s*:?-{2,}:?\s*\|)+\s*:?-*:?\s*\|?\s*$/;

function proseCandidates(lines: readonly string[], format: Format): Candidate[] {
  const out: Candidate[] = [];
  let headings: { level: number; text: string }[] = [];
  let header: string[] | undefined;
  let fenced = false;
  lines.forEach((text, index) => {
    const line = index + 1;
    if (text.trim() === '') {
      header = undefined;
      return;
    }
    if (format === 'markdown' && /^\s*(?:```|~~~)/.test(text)) {
      fenced = !fenced;
      return;
    }
    const heading = fenced ? undefined : headingOf(text, lines[index + 1], format);
    if (heading) {
      headings = [...headings.filter((h) => h.level < heading.level), heading];
      out.push({
        line,
        prefix: text.slice(0, text.indexOf(heading.text)),
        body: heading.text,
        kind: 'heading',
        context: headings.slice(0, -1).map((h) => h.text),
      });
      return;
    }
    if (/^\s*(?:[-=*_]\s*){3,}$/.test(text)) return;
    const context = headings.map((h) => h.text);
    if (format === 'markdown' && /^\s*\|.*\|\s*$/.test(text)) {
      if (TABLE_RULE.test(text)) return;
      if (TABLE_RULE.test(lines[index + 1] ?? '')) {
        header = pipeCells(text, []).map((c) => c.value);
        return;
      }
      out.push({ line, prefix: '', body: text.trim(), kind: 'row', context, cells: pipeCells(text, header ?? []) });
      return;
    }
    const prefix = MARKER.exec(text)?.[1] ?? '';
    const body = text.slice(prefix.length).trimEnd();
    if (body !== '') out.push({ line, prefix, body, kind: 'line', context });
  });
  return out;
}

function headingOf(
  text: string,
  next: string | undefined,
  format: Format,
): { level: number; text: string } | undefined {
  const hash = /^(#{1,6})\s+(.*?)\s*#*\s*$/.exec(text);
  if (hash?.[2]) return { level: hash[1]!.length, text: hash[2] };
  if (/^\s*(?:={3,}|-{3,})\s*$/.test(next ?? '') && /\p{L}/u.test(text) && !/^\s*[-*|]/.test(text)) {
    return { level: next!.includes('=') ? 1 : 2, text: text.trim() };
  }
  if (format === 'markdown') return undefined;
  const trimmed = text.trim();
  // In plain text a short line that ends in a colon, or names a chapter, opens a part.
  if (trimmed.length <= 40 && /^[^,,。;;]*[::]$/.test(trimmed)) return { level: 3, text: trimmed };
  if (/^第[一二三四五六七八九十百\d]+[章条节部](?:\s|$)/.test(trimmed) && trimmed.length <= 30) {
    return { level: /^第[^章节条部]+[章部]/.test(trimmed) ? 2 : 3, text: trimmed };
  }
  if (trimmed.length <= 60 && /^[A-Z0-9][A-Z0-9 ,.&/-]{3,}$/.test(trimmed) && /[A-Z]{3}/.test(trimmed)) {
    return { level: 2, text: trimmed };
  }
  return undefined;
}

/** Cells between unescaped pipes. */
export function pipeCells(text: string, columns: readonly string[]): Cell[] {
  const bars = [...text.matchAll(/(?<!\\)\|/g)].map((m) => m.index);
  const cells: Cell[] = [];
  for (let i = 0; i + 1 < bars.length; i++) cells.push(trimmedCell(text, bars[i]! + 1, bars[i + 1]!, columns[i] ?? ''));
  return cells;
}

function trimmedCell(text: string, from: number, to: number, column: string): Cell {
  const raw = text.slice(from, to);
  const start = raw.trim() === '' ? from + Math.min(1, raw.length) : from + (raw.length - raw.trimStart().length);
  const value = raw.trim();
  return { column, start, end: start + value.length, value };
}

export function delimiterOf(path: string, header: string): string {
  if (path.toLowerCase().endsWith('.tsv')) return '\t';
  return (['\t', ';', ','] as const).reduce(
    (best, d) => (header.split(d).length > header.split(best).length ? d : best),
    ',',
  );
}

/** Cells of one physical CSV line; quoted ones keep their quotes in the line and lose them in `value` (RFC 4180). */
export function csvCells(text: string, delimiter: string, columns: readonly string[]): Cell[] | undefined {
  const cells: Cell[] = [];
  let at = 0;
  while (at <= text.length) {
    let end = at;
    let value: string;
    if (text[at] === '"') {
      end = at + 1;
      while (end < text.length && !(text[end] === '"' && text[end + 1] !== '"')) end += text[end] === '"' ? 2 : 1;
      if (end >= text.length) return undefined;
      value = text.slice(at + 1, end).replaceAll('""', '"');
      end++;
    } else {
      const stop = text.indexOf(delimiter, at);
      end = stop === -1 ? text.length : stop;
      value = text.slice(at, end);
    }
    if (end < text.length && text[end] !== delimiter) return undefined;
    cells.push({ column: columns[cells.length] ?? '', start: at, end, value });
    at = end + 1;
  }
  return cells;
}

function csvCandidates(path: string, lines: readonly string[]): Candidate[] {
  const headerIndex = lines.findIndex((l) => l.trim() !== '' && !l.startsWith('#'));
  if (headerIndex === -1) return [];
  const delimiter = delimiterOf(path, lines[headerIndex]!);
  const columns = (csvCells(lines[headerIndex]!, delimiter, []) ?? []).map((c) => c.value.trim());
  const out: Candidate[] = [];
  for (let i = headerIndex + 1; i < lines.length; i++) {
    const text = lines[i]!;
    if (text.trim() === '') continue;
    const cells = csvCells(text, delimiter, columns);
    out.push({
      line: i + 1,
      prefix: '',
      body: text,
      kind: 'row',
      context: [],
      // A record that spans physical lines is offered as text; its cells are not touched one by one.
      ...(cells && cells.length === columns.length ? { cells } : {}),
    });
  }
  return out;
}

function yamlCandidates(lines: readonly string[]): Candidate[] {
  const out: Candidate[] = [];
  let parents: { indent: number; key: string }[] = [];
  lines.forEach((text, index) => {
    if (text.trim() === '' || /^\s*(?:#|---|\.\.\.|%)/.test(text)) return;
    const indent = text.length - text.trimStart().length;
    const isItem = /^\s*-\s/.test(text);
    parents = parents.filter((p) => p.indent < indent || (isItem && p.indent === indent));
    const prefix = /^\s*(?:-\s+)*/.exec(text)![0];
    const body = text.slice(prefix.length).trimEnd();
    const opens = /^([^\s#][^#]*?):\s*(?:#.*)?$/.exec(body);
    const context = parents.map((p) => p.key);
    out.push({ line: index + 1, prefix, body, kind: opens ? 'heading' : 'line', context });
    if (opens) parents = [...parents, { indent: Math.max(prefix.length, indent), key: opens[1]! }];
  });
  return out;
}
