import type { Locale } from '../../common/index.ts';
import type { Terminal } from '../terminal.ts';
import { type Names, whoOf } from './doc-log.ts';
import { cut, pad, width } from './table.ts';
import { instant, plain } from './value.ts';

export interface BlameAnswer {
  lines: {
    line: number;
    version: number;
    at: number;
    source: string;
    personId: string | null;
    agent: string | null;
    taskId: string | null;
  }[];
}

const MAX_NAME = 20;

/** Each line with the version, the day and the hand that last changed it. A run of one version is named once. */
export function renderBlame(
  { lines }: BlameAnswer,
  texts: ReadonlyMap<number, string>,
  terminal: Terminal,
  locale: Locale,
  names: Names,
): string {
  const rows = lines.map((line, i) => {
    const isRun = lines[i - 1]?.version === line.version;
    const kind = line.personId === null ? 'internal' : 'device';
    const who = cut(plain(whoOf({ ...line, kind }, names, locale)), MAX_NAME);
    return { line, isRun, who, version: `v${line.version}` };
  });
  const columns = {
    version: Math.max(0, ...rows.map((row) => row.version.length)),
    who: Math.max(0, ...rows.map((row) => width(row.who))),
    line: String(lines.at(-1)?.line ?? 1).length,
  };
  return rows
    .map(({ line, isRun, who, version }) => {
      const head = isRun
        ? ' '.repeat(columns.version + columns.who + 14)
        : `${terminal.style('yellow', pad(version, columns.version))}  ${terminal.style('dim', instant(line.at).slice(0, 10))}  ${pad(who, columns.who)}`;
      const number = terminal.style('dim', String(line.line).padStart(columns.line));
      return `${head}  ${number}  ${plain(texts.get(line.line) ?? '')}`.trimEnd();
    })
    .join('\n');
}
