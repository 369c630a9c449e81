import { t } from '../i18n/index.ts';
import { ask } from '../state/session.ts';
import { type Cell, CellDiff } from './cell-diff.tsx';
import { DiffView } from './diff-view.tsx';
import { Fault } from './fault.tsx';
import { useAsked } from './use-asked.ts';

interface Answer {
  unified: string;
  cells?: Cell[];
  added: number;
  removed: number;
}

/** What differs between two versions: cells for a table, lines with the changed words marked for all else. */
export function VersionDiff({ path, from, to }: { path: string; from: number; to: number }) {
  const range = { path, from: `v${from}`, to: `v${to}` };
  const asked = useAsked(() => ask<Answer>('doc.diff', range), [path, from, to]);
  if (asked.error) return <Fault error={asked.error} onRetry={asked.again} />;
  if (!asked.value) return <p class="quiet">…</p>;
  const { cells, unified } = asked.value;
  if (cells && cells.length > 0) return <CellDiff cells={cells} />;
  return unified === '' ? <p class="quiet small">{t('diff.empty')}</p> : <DiffView diff={unified} />;
}
