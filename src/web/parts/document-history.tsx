import { useState } from 'preact/hooks';
import { newId } from '../../common/index.ts';
import { known, t } from '../i18n/index.ts';
import { ask, connection, invoke } from '../state/session.ts';
import { DiffView } from './diff-view.tsx';
import { Fault } from './fault.tsx';
import { Link } from './link.tsx';
import { toast } from './toast.tsx';
import { useAsked } from './use-asked.ts';
import { visible } from './visible.ts';
import { When } from './when.tsx';

interface Entry {
  version: number;
  at: number;
  by: { kind: string; agent: string | null; taskId: string | null };
  source: string;
  note?: string;
  added: number;
  removed: number;
  undone: boolean;
}

/** The time line of a document. Restoring is one tap and makes a new version, which the next ten seconds can take back. */
export function DocumentHistory({ path, version }: { path: string; version: number | undefined }) {
  const asked = useAsked(() => ask<{ versions: Entry[] }>('doc.log', { path, max: 100 }), [path, version]);
  const [error, setError] = useState<unknown>();
  if (asked.error) return <Fault error={asked.error} onRetry={asked.again} />;
  if (!asked.value) return <p class="quiet">…</p>;

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
      <ol class="list">
        {asked.value.versions.map((entry, i) => (
          <HistoryEntry
            key={entry.version}
            path={path}
            entry={entry}
            isCurrent={i === 0}
            onRestore={() => void restore(entry.version)}
          />
        ))}
      </ol>
    </>
  );
}

function HistoryEntry(props: { path: string; entry: Entry; isCurrent: boolean; onRestore: () => void }) {
  const { path, entry, isCurrent, onRestore } = props;
  const [isOpen, setOpen] = useState(false);
  const { version, by } = entry;
  const source = known(`doc.source.${entry.source}`);
  const who =
    by.agent !== null || by.kind === 'agent'
      ? t('doc.by.agent')
      : by.kind === 'internal'
        ? t('doc.by.share')
        : t('doc.by.person');
  return (
    <li class="card tight history">
      <div class="row">
        <strong class="grow">
          {t('doc.version', { version })}
          {isCurrent ? ` · ${t('doc.current')}` : ''}
        </strong>
        {entry.undone ? <span class="chip">{t('doc.is-undone')}</span> : null}
        <When at={entry.at} />
      </div>
      <p class="small quiet">
        {version === 1 ? t('doc.first') : `${source ? t(source) : who} · +${entry.added} −${entry.removed}`}
        {by.taskId === null ? null : (
          <>
            {' · '}
            <Link to={`/tasks/${encodeURIComponent(by.taskId)}`}>{t('tab.tasks')}</Link>
          </>
        )}
      </p>
      {entry.note ? <p class="small">{visible(entry.note)}</p> : null}
      <div class="row">
        {version > 1 ? (
          <button type="button" class="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {t('doc.show-diff')}
          </button>
        ) : null}
        {isCurrent ? null : (
          <button type="button" class="button" disabled={connection.value === 'offline'} onClick={onRestore}>
            {t('doc.restore')}
          </button>
        )}
      </div>
      {isOpen ? <VersionDiff path={path} version={version} /> : null}
    </li>
  );
}

function VersionDiff({ path, version }: { path: string; version: number }) {
  const range = { path, from: `v${version - 1}`, to: `v${version}` };
  const asked = useAsked(() => ask<{ unified: string }>('doc.diff', range), [path, version]);
  if (asked.error) return <Fault error={asked.error} onRetry={asked.again} />;
  return asked.value ? <DiffView diff={asked.value.unified} /> : <p class="quiet">…</p>;
}
