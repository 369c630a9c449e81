import { useState } from 'preact/hooks';
import { number, t } from '../i18n/index.ts';
import { ask } from '../state/session.ts';
import { type Cell, CellDiff } from './cell-diff.tsx';
import { DiffView } from './diff-view.tsx';
import { Fault } from './fault.tsx';
import { useAsked } from './use-asked.ts';

interface Answer {
  unified: string;
  cells?: Cell[];
  cellsCut?: boolean;
  added: number;
  removed: number;
}

/** What differs between two versions: cells for a table, or lines, as the reader wants; lines with the changed words marked for all else. */
export function VersionDiff({ path, from, to }: { path: string; from: number; to: number }) {
  const [wantsLines, setWantsLines] = useState(false);
  const range = { path, from: `v${from}`, to: `v${to}` };
  const asked = useAsked(() => ask<Answer>('doc.diff', range), [path, from, to]);
  if (asked.error) return <Fault error={asked.error} onRetry={asked.again} />;
  if (!asked.value) return <p class="quiet">…</p>;
  const { cells, cellsCut, unified } = asked.value;
  const lines = unified === '' ? <p class="quiet small">{t('diff.empty')}</p> : <DiffView diff={unified} />;
  if (!cells?.length) return lines;
  return (
    <>
      <button type="button" class="button plain" onClick={() => setWantsLines(!wantsLines)}>
        {t(wantsLines ? 'diff.by-cell' : 'diff.by-line')}
      </button>
      {wantsLines ? lines : <CellDiff cells={cells} />}
      {cellsCut && !wantsLines ? <p class="quiet small">{t('diff.cut', { count: number(cells.length) })}</p> : null}
    </>
  );
}
