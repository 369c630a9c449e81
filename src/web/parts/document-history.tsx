import { useState } from 'preact/hooks';
import { newId } from '../../common/index.ts';
import { t } from '../i18n/index.ts';
import { ask, invoke } from '../state/session.ts';
import { CompareVersions } from './compare-versions.tsx';
import { Fault } from './fault.tsx';
import { HistoryEntry } from './history-entry.tsx';
import type { Group, Version } from './history-model.ts';
import { toast } from './toast.tsx';
import { useAsked } from './use-asked.ts';

interface Log {
  versions: Version[];
  groups: Group[];
  more: boolean;
}

const PAGE = 100;
/** As many as one answer of the box holds. */
const MOST = 1000;

/**
 * The time line of a document: what belongs together is one entry, any two versions can be compared, and restoring is
 * one tap that makes a new version, which the next ten seconds can take back.
 */
export function DocumentHistory({ path, version }: { path: string; version: number | undefined }) {
  const [max, setMax] = useState(PAGE);
  const asked = useAsked(() => ask<Log>('doc.log', { path, max, group: true }), [path, version, max]);
  const [error, setError] = useState<unknown>();
  if (asked.error) return <Fault error={asked.error} onRetry={asked.again} />;
  if (!asked.value) return <p class="quiet">…</p>;
  const { versions, groups, more } = asked.value;

  const restore = async (to: number) => {
    setError(undefined);
    try {
      const { undo } = await invoke('doc.rollback', { path, to: `v${to}` }, { idempotencyKey: newId('key') });
      asked.again();
      const takeBack = async () => {
        if (!undo) return;
        try {
          await invoke(undo.operation, undo.input, { idempotencyKey: newId('key') });
          toast(t('doc.undone'));
          asked.again();
        } catch (reason) {
          setError(reason);
        }
      };
      toast(
        t('doc.restored', { version: to }),
        undo ? { label: t('action.undo'), run: () => void takeBack() } : undefined,
      );
    } catch (reason) {
      setError(reason);
    }
  };

  return (
    <>
      {error ? <Fault error={error} /> : null}
      {versions.length > 1 ? <CompareVersions path={path} versions={versions} /> : null}
      <ol class="list">
        {groups.map((group, i) => (
          <HistoryEntry
            key={group.to}
            path={path}
            group={group}
            versions={versions.filter((one) => one.version >= group.from && one.version <= group.to)}
            isCurrent={i === 0}
            onRestore={(to) => void restore(to)}
          />
        ))}
      </ol>
      {more && max < MOST ? (
        <button type="button" class="button wide" onClick={() => setMax(Math.min(MOST, 3 * max))}>
          {t('doc.older')}
        </button>
      ) : null}
    </>
  );
}
