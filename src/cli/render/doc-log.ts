import type { Locale } from '../../common/index.ts';
import type { VersionBy, VersionGroup } from '../../protocol/version-group.ts';
import type { Terminal } from '../terminal.ts';
import { pad, width } from './table.ts';
import { instant, plain } from './value.ts';

export interface LogAnswer {
  versions: {
    path: string;
    version: number;
    at: number;
    by: VersionBy;
    source: string;
    note?: string;
    added: number;
    removed: number;
    undone: boolean;
    tags: string[];
  }[];
  groups?: VersionGroup[];
  more: boolean;
}

/** Names of people by their ids; an id without a name is shown as it is. */
export type Names = ReadonlyMap<string, string>;

interface Row {
  versions: string;
  at: number;
  by: VersionBy;
  what: string;
  counts: [added: number, removed: number];
  words: string[];
  tags: string[];
  isUndone: boolean;
}

/** The versions of a document, or of all that a task wrote, newest first: which, when, who, what, how much, and why. */
export function renderDocLog(
  answer: LogAnswer,
  terminal: Terminal,
  locale: Locale,
  names: Names,
  isTask = false,
): string {
  const rows = answer.groups?.map(rowOfGroup) ?? answer.versions.map((version) => rowOfVersion(version, isTask));
  if (rows.length === 0) return terminal.style('dim', locale === 'zh' ? '(没有版本)' : '(no versions)');
  const cells = rows.map((row) => ({
    row,
    version: row.versions,
    who: whoOf(row.by, names, locale),
    what: row.what,
    counts: `+${row.counts[0]} -${row.counts[1]}`,
  }));
  const wide = (name: 'version' | 'who' | 'what' | 'counts'): number => Math.max(...cells.map((c) => width(c[name])));
  const columns = { version: wide('version'), who: wide('who'), what: wide('what'), counts: wide('counts') };
  const lines = cells.flatMap(({ row, version, who, what, counts }) => {
    const head = [
      terminal.style('yellow', pad(version, columns.version)),
      terminal.style('dim', instant(row.at).slice(0, 16)),
      pad(plain(who), columns.who),
      pad(what, columns.what),
      countsOf(row.counts, columns.counts - counts.length, terminal),
      ...row.tags.map((tag) => terminal.style('cyan', `[${plain(tag)}]`)),
      ...(row.isUndone ? [terminal.style('dim', locale === 'zh' ? '已撤销' : 'taken back')] : []),
    ].join('  ');
    const [first, ...rest] = row.words.map((word) => plain(word).replaceAll('\n', ' '));
    const more = rest.map((word) => `${' '.repeat(columns.version + 20)}${word}`);
    return [first === undefined ? head : `${head}  ${first}`, ...more];
  });
  if (answer.more && isTask) {
    const text = locale === 'zh' ? '还有更早的版本:用 --max 显示更多' : 'there are older ones: --max shows more';
    lines.push(terminal.style('dim', text));
  } else if (answer.more) {
    const before = rows.at(-1)!.versions.split('–')[0]!.slice(1);
    const text = locale === 'zh' ? `更早的版本:--before ${before}` : `older ones: --before ${before}`;
    lines.push(terminal.style('dim', text));
  }
  return lines.join('\n');
}

function rowOfVersion(v: LogAnswer['versions'][number], isTask: boolean): Row {
  return {
    versions: `${isTask ? `${plain(v.path)}  ` : ''}v${v.version}`,
    at: v.at,
    by: v.by,
    what: v.source,
    counts: [v.added, v.removed],
    words: v.note === undefined ? [] : [v.note],
    tags: v.tags,
    isUndone: v.undone,
  };
}

function rowOfGroup(g: NonNullable<LogAnswer['groups']>[number]): Row {
  const count = g.to - g.from + 1;
  return {
    versions: count === 1 ? `v${g.to}` : `v${g.from}–v${g.to}`,
    at: g.until,
    by: g.by,
    what: g.sources.join(', '),
    counts: [g.added, g.removed],
    words: g.notes,
    tags: g.tags,
    isUndone: g.undone === count,
  };
}

function countsOf([added, removed]: [number, number], spaces: number, terminal: Terminal): string {
  return `${terminal.style('green', `+${added}`)} ${terminal.style('red', `-${removed}`)}${' '.repeat(spaces)}`;
}

export function whoOf(by: VersionBy, names: Names, locale: Locale): string {
  if (by.kind === 'internal') return locale === 'zh' ? '共享文件夹' : 'the share';
  const name = by.personId === null ? by.kind : (names.get(by.personId) ?? by.personId);
  if (by.agent === null) return name;
  return locale === 'zh' ? `${name}(助手)` : `${name} (agent)`;
}
