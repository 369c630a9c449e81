import { useState } from 'preact/hooks';
import { known, t } from '../i18n/index.ts';
import { connection } from '../state/session.ts';
import { type Group, handOf, type Version } from './history-model.ts';
import { Link } from './link.tsx';
import { VersionDiff } from './version-diff.tsx';
import { visible } from './visible.ts';
import { When } from './when.tsx';

interface Props {
  path: string;
  group: Group;
  /** The versions of the group, newest first. */
  versions: readonly Version[];
  isCurrent: boolean;
  onRestore: (version: number) => void;
}

/** One entry of the time line. Several versions can be opened to restore one in the middle. */
export function HistoryEntry({ path, group, versions, isCurrent, onRestore }: Props) {
  const [isOpen, setOpen] = useState(false);
  const { from, to, by, notes, tags, undone } = group;
  const count = to - from + 1;
  // What is compared with: the version before, or the oldest that is there.
  const before = from === 1 ? versions.at(-1)?.version : from - 1;
  return (
    <li class="card tight history">
      <div class="row">
        <strong class="grow">
          {count === 1 ? t('doc.version', { version: to }) : t('doc.versions', { from, to })}
          {isCurrent ? ` · ${t('doc.current')}` : ''}
        </strong>
        {tags.map((tag) => (
          <span class="chip good" key={tag}>
            {visible(tag)}
          </span>
        ))}
        {undone === count ? <span class="chip">{t('doc.is-undone')}</span> : null}
        <When at={group.until} />
      </div>
      <p class="small quiet">
        {whatOf(group)}
        {by.taskId === null ? null : (
          <>
            {' · '}
            <Link to={`/tasks/${encodeURIComponent(by.taskId)}`}>{t('tab.tasks')}</Link>
          </>
        )}
      </p>
      {notes.map((note) => (
        <p class="small" key={note}>
          {visible(note)}
        </p>
      ))}
      <div class="row">
        {before === undefined || before === to ? null : (
          <button type="button" class="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {t('doc.show-diff')}
          </button>
        )}
        {isCurrent ? null : <Restore version={to} onRestore={onRestore} />}
      </div>
      {isOpen && before !== undefined ? (
        <>
          <VersionDiff path={path} from={before} to={to} />
          {versions.length > 1 ? (
            <ol class="list inner">
              {versions.slice(1).map(({ version, at }) => (
                <li class="row" key={version}>
                  <span class="grow">{t('doc.version', { version })}</span>
                  <When at={at} />
                  <Restore version={version} onRestore={onRestore} />
                </li>
              ))}
            </ol>
          ) : null}
        </>
      ) : null}
    </li>
  );
}

function Restore({ version, onRestore }: { version: number; onRestore: (version: number) => void }) {
  return (
    <button type="button" class="button" disabled={connection.value === 'offline'} onClick={() => onRestore(version)}>
      {t('doc.restore')}
    </button>
  );
}

function whatOf({ from, to, by, sources, added, removed }: Group): string {
  if (from === 1 && to === 1) return t('doc.first');
  const source = sources.length === 1 ? known(`doc.source.${sources[0]}`) : undefined;
  return `${source ? t(source) : t(`doc.by.${handOf(by)}`)} · +${added} −${removed}`;
}
