import type { Range } from '../../text/map.ts';
import {
  type Ask,
  type Doc,
  eolAt,
  invalid,
  type Landing,
  LineCounter,
  lineStart,
  type OutlineEntry,
  type SyntaxFault,
  sharedAddress,
  textOf,
  unknownAddress,
  wholeOf,
} from '../ask.ts';
import { languageOf } from '../format-of.ts';
import { MAX_CODE, withTree } from './grammar.ts';
import { type CodeSymbol, firstError, symbolsIn } from './symbols.ts';

/** Comments, decorators, attributes and annotations at the beginning of new text: it brings its own. */
const OWN_TRIVIA = /^\s*(?:\/\/|\/\*|#|@|--|\[)/;
/** What may follow a symbol on its last line and goes with it. */
const LINE_REST = /^[ \t]*[;,]?[ \t]*(?:(?:\/\/|#|--|\/\*).*)?$/;

/**
 * Lands `@name` or `@Class.method` (as many outer names as it takes). A symbol is its lines with the comments,
 * decorators and attributes right above it. `set` keeps those unless the new text brings its own, and takes text without
 * indentation to the symbol's; `cut` leaves one gap where two were; `before` and `after` keep the gaps of the neighbours.
 * Throws DOC_ADDRESS_UNKNOWN, DOC_AMBIGUOUS, DOC_PARSE_REFUSED, DOC_VERB_INVALID.
 */
export async function landInCode(doc: Doc, ask: Ask): Promise<Landing> {
  if (!ask.address.startsWith('@')) throw invalid(ask, 'an address in source code is @name or @Class.method');
  const bytes = wholeOf(doc, MAX_CODE);
  const symbols = await withTree(languageOf(doc.path)!, bytes, symbolsIn);
  const wanted = ask.address.slice(1).trim();
  const exact = symbols.filter(({ path }) => path.join('.') === wanted);
  // The whole name comes before the end of a longer one.
  const found =
    exact.length > 0 ? exact : symbols.filter(({ path }) => path.some((_, i) => path.slice(i).join('.') === wanted));
  const lines = new LineCounter(bytes);
  if (found.length > 1)
    throw sharedAddress(
      doc,
      ask,
      found.map(({ core, path }) => ({ line: lines.at(core), address: `@${path.join('.')}` })),
    );
  const [symbol] = found;
  if (!symbol)
    throw unknownAddress(
      doc,
      ask,
      symbols.map(({ path }) => `@${path.join('.')}`),
    );
  return { address: `@${symbol.path.join('.')}`, ...landAt(bytes, symbol, ask) };
}

function landAt(bytes: Buffer, symbol: CodeSymbol, ask: Ask): Pick<Landing, 'region' | 'patches'> {
  const lines = symbol.isPart ? undefined : linesAround(bytes, symbol);
  const region = lines ?? { from: symbol.isPart ? symbol.core : symbol.from, to: symbol.to };
  const isLines = lines !== undefined;
  if (ask.act === 'show') return { region, patches: [] };
  if (symbol.isPart && ask.act !== 'set') {
    throw invalid(ask, 'it is one of several names of a declaration; change the lines of the whole');
  }
  if (ask.act === 'cut') {
    const to = isLines ? behindGap(bytes, region) : region.to;
    return { region: { from: region.from, to }, patches: [{ at: region.from, del: to - region.from, ins: '' }] };
  }
  const eol = eolAt(bytes, region.from);
  const text = textOf(ask);
  if (!isLines) {
    if (ask.act === 'set')
      return { region, patches: [{ at: region.from, del: region.to - region.from, ins: text.join(eol) }] };
    throw invalid(ask, 'it shares its line with other code; put lines by number');
  }
  const indent = bytes.toString('latin1', region.from, region.from + indentOf(bytes, region.from));
  const own = indented(text, indent);
  if (ask.act === 'set') {
    const from = OWN_TRIVIA.test(own[0]!) ? region.from : lineStart(bytes, symbol.core);
    const isOpen = bytes[region.to - 1] !== 10;
    const ins = own.join(eol) + (isOpen ? '' : eol);
    return { region, patches: [{ at: from, del: region.to - from, ins }] };
  }
  const gap = isBlankLine(bytes, region.to) || isBlankAbove(bytes, region.from) ? [''] : [];
  if (ask.act === 'before') {
    return { region, patches: [{ at: region.from, del: 0, ins: [...own, ...gap].map((line) => line + eol).join('') }] };
  }
  const isOpen = bytes[region.to - 1] !== 10;
  const rows = [...gap, ...own];
  return {
    region,
    patches: [{ at: region.to, del: 0, ins: isOpen ? eol + rows.join(eol) : rows.map((line) => line + eol).join('') }],
  };
}

/** Whole lines, if nothing else stands on them. */
function linesAround(bytes: Buffer, { from, to }: CodeSymbol): Range | undefined {
  const start = lineStart(bytes, from);
  if (indentOf(bytes, start) !== from - start) return undefined;
  // Some grammars count the line end in.
  const end = bytes[to - 1] === 10 && to > from ? to - 1 : to;
  const newline = bytes.indexOf(10, end);
  const stop = newline < 0 ? bytes.length : newline;
  if (!LINE_REST.test(bytes.toString('latin1', end, stop).replace(/\r$/, ''))) return undefined;
  return { from: start, to: newline < 0 ? bytes.length : newline + 1 };
}

/** Behind the blank lines that follow, if there are blank lines (or nothing) above too. */
function behindGap(bytes: Buffer, { from, to }: Range): number {
  if (from > 0 && !isBlankAbove(bytes, from)) return to;
  let at = to;
  while (at < bytes.length && isBlankLine(bytes, at)) at = nextLine(bytes, at);
  return at;
}

function indented(text: readonly string[], indent: string): string[] {
  if (indent === '' || /^[ \t]/.test(text[0]!)) return [...text];
  return text.map((line) => (line === '' ? '' : indent + line));
}

function nextLine(bytes: Buffer, at: number): number {
  const newline = bytes.indexOf(10, at);
  return newline < 0 ? bytes.length : newline + 1;
}

function indentOf(bytes: Buffer, start: number): number {
  let at = start;
  while (bytes[at] === 32 || bytes[at] === 9) at++;
  return at - start;
}

function isBlankLine(bytes: Buffer, start: number): boolean {
  return start < bytes.length && /^[ \t\r\n]*$/.test(bytes.toString('latin1', start, nextLine(bytes, start)));
}

function isBlankAbove(bytes: Buffer, start: number): boolean {
  return start > 0 && isBlankLine(bytes, lineStart(bytes, start - 1));
}

export async function outlineOfCode(doc: Doc): Promise<OutlineEntry[]> {
  const bytes = wholeOf(doc, MAX_CODE);
  const symbols = await withTree(languageOf(doc.path)!, bytes, symbolsIn);
  const names = new Map<string, number>();
  for (const { path } of symbols) names.set(path.join('.'), (names.get(path.join('.')) ?? 0) + 1);
  const from = new LineCounter(bytes);
  const to = new LineCounter(bytes);
  return symbols.map((symbol) => {
    const name = symbol.path.join('.');
    const line = from.at(symbol.core);
    const newline = bytes.indexOf(10, symbol.core);
    const title = bytes.toString('utf8', lineStart(bytes, symbol.core), newline < 0 ? bytes.length : newline).trim();
    return {
      line,
      level: symbol.path.length,
      title: title.slice(0, 200),
      to: to.at(Math.max(symbol.core, symbol.to - 1)),
      ...(names.get(name) === 1 ? { address: `@${name}` } : {}),
    };
  });
}

export function checkCode(doc: Doc): Promise<SyntaxFault | undefined> {
  return withTree(languageOf(doc.path)!, wholeOf(doc, MAX_CODE), firstError);
}
