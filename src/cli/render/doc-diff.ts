import type { Locale } from '../../common/index.ts';
import { type DiffLine, parseDiff } from '../../common/unified-diff.ts';
import type { Terminal } from '../terminal.ts';
import { plain } from './value.ts';

export interface DiffAnswer {
  path: string;
  from: number;
  to: number;
  unified: string;
  added: number;
  removed: number;
  words?: { line: number; runs: { op: '=' | '-' | '+'; text: string }[] }[];
  cells?: { address: string; from: string | null; to: string | null }[];
  cellsCut?: boolean;
}

/** What differs between two versions: words where they were asked for, cells of a table, else lines with the changed part marked. */
export function renderDocDiff(answer: DiffAnswer, terminal: Terminal, locale: Locale): string {
  const { path, from, to, added, removed } = answer;
  const counts = `${terminal.style('green', `+${added}`)} ${terminal.style('red', `-${removed}`)}`;
  const title = `${terminal.style('bold', `${plain(path)}  v${from} → v${to}`)}  ${counts}`;
  return [title, ...bodyOf(answer, terminal, locale)].join('\n');
}

function bodyOf({ cells, cellsCut, words, unified }: DiffAnswer, terminal: Terminal, locale: Locale): string[] {
  if (words && words.length > 0) return words.map((hunk) => renderWords(hunk, terminal));
  if (cells && cells.length > 0) {
    const more =
      locale === 'zh' ? '还有更多单元格有变化;按行查看:--lines' : 'more cells changed; line by line: --lines';
    return [...cells.map((cell) => renderCell(cell, terminal)), ...(cellsCut ? [terminal.style('dim', more)] : [])];
  }
  return parseDiff(unified).flatMap((hunk) => [
    terminal.style('cyan', `line ${hunk.line}`),
    ...hunk.lines.map((line) => renderLine(line, terminal)),
  ]);
}

function renderCell(
  { address, from, to }: { address: string; from: string | null; to: string | null },
  terminal: Terminal,
): string {
  const before = from === null ? '' : terminal.style('red', plain(from));
  const after = to === null ? '' : terminal.style('green', plain(to));
  // Without colour it must be seen too which of the two is missing.
  const change = from === null ? `+ ${after}` : to === null ? `- ${before}` : `${before} → ${after}`;
  return `${plain(address)}  ${change}`;
}

/** As `git diff --word-diff` and wdiff mark it, so that it can be read without colour too. */
function renderWords(hunk: { line: number; runs: { op: string; text: string }[] }, terminal: Terminal): string {
  const runs = hunk.runs.map(({ op, text }) => {
    const shown = plain(text);
    if (op === '-') return terminal.style('red', `[-${shown}-]`);
    return op === '+' ? terminal.style('green', `{+${shown}+}`) : shown;
  });
  return `${terminal.style('cyan', `line ${hunk.line}`)}\n${runs.join('').trimEnd()}`;
}

function renderLine({ kind, text, mark }: DiffLine, terminal: Terminal): string {
  if (kind === 'same') return ` ${plain(text)}`;
  const colour = kind === 'add' ? 'green' : 'red';
  const sign = kind === 'add' ? '+' : '-';
  if (!mark) return terminal.style(colour, sign + plain(text));
  const [from, to] = mark;
  return (
    terminal.style(colour, sign + plain(text.slice(0, from))) +
    (to > from ? terminal.style([colour, 'inverse'], plain(text.slice(from, to))) : '') +
    terminal.style(colour, plain(text.slice(to)))
  );
}
