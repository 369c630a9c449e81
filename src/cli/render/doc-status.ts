import type { Locale } from '../../common/index.ts';
import { shellWord } from '../shell-word.ts';
import type { Terminal } from '../terminal.ts';
import { table } from './table.ts';
import { plain } from './value.ts';

export interface StatusAnswer {
  documents: { path: string; version: number; onShare: number; state: string; reason?: string; attempts: number }[];
  next?: string;
}

const TITLES = {
  en: ['Path', 'Version', 'On the share', 'State', 'Why'],
  zh: ['路径', '版本', '共享上', '状态', '原因'],
} as const;

/** A line a document, and where the rest is when these are not all. */
export function renderDocStatus({ documents, next }: StatusAnswer, terminal: Terminal, locale: Locale): string {
  const isChinese = locale === 'zh';
  if (documents.length === 0) return terminal.style('dim', isChinese ? '(没有文档)' : '(no documents)');
  const cells = documents.map((one) => [
    plain(one.path),
    `v${one.version}`,
    one.onShare === 0 ? '-' : `v${one.onShare}`,
    one.state,
    plain(one.reason ?? '').replaceAll('\n', ' '),
  ]);
  // Nobody waits for a reason where none is given.
  const columns = cells.some((row) => row[4] !== '') ? 5 : 4;
  const lines = table(
    TITLES[locale].slice(0, columns),
    cells.map((row) => row.slice(0, columns)),
    terminal.columns,
  );
  if (next === undefined) return lines;
  const after = shellWord(plain(next));
  const more = isChinese ? `还有更多文档:--after ${after}` : `there are more: --after ${after}`;
  return `${lines}\n${terminal.style('dim', more)}`;
}
