import { useState } from 'preact/hooks';
import { encodePath, navigate } from '../app/router.ts';
import { number, t } from '../i18n/index.ts';
import { AddFiles } from '../parts/add-files.tsx';
import { Fault } from '../parts/fault.tsx';
import { Link } from '../parts/link.tsx';
import { useAsked } from '../parts/use-asked.ts';
import { visible } from '../parts/visible.ts';
import { addedCount, addFiles } from '../state/adding.ts';
import { ask } from '../state/session.ts';

interface Listed {
  documents: { path: string; kind: string; lines: number; version: number }[];
  next?: string;
  complete: boolean;
}

/** Workspaces, and the documents of the chosen one. */
export function DocumentsScreen({ workspace }: { workspace: string | undefined }) {
  const asked = useAsked(() => ask<{ workspaces: { name: string }[] }>('workspace.list', {}), []);
  const names = asked.value?.workspaces.map((one) => one.name) ?? [];
  const current = workspace ?? names[0];
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is for a pointer; the button does the same by key.
    <div
      class="stack"
      onDragOver={(event) => {
        if (current !== undefined && event.dataTransfer?.types.includes('Files')) event.preventDefault();
      }}
      onDrop={(event) => {
        const files = event.dataTransfer?.files;
        if (current === undefined || !files?.length) return;
        event.preventDefault();
        addFiles(current, files);
      }}
    >
      <div class="head">
        <h1>{t('docs.title')}</h1>
      </div>
      {asked.error ? <Fault error={asked.error} onRetry={asked.again} /> : null}
      {asked.value && names.length === 0 ? <p class="note">{t('new.no-workspace')}</p> : null}
      {names.length > 1 ? (
        <div class="choices" role="radiogroup" aria-label={t('new.where')}>
          {names.map((name) => (
            <label key={name}>
              <input
                type="radio"
                name="workspace"
                checked={name === current}
                onChange={() => navigate(`/documents/${encodeURIComponent(name)}`, { replace: true })}
              />
              <span>{visible(name)}</span>
            </label>
          ))}
        </div>
      ) : null}
      {current === undefined ? null : (
        <>
          <AddFiles key={`add ${current}`} workspace={current} />
          <DocumentList key={current} workspace={current} />
        </>
      )}
    </div>
  );
}

function DocumentList({ workspace }: { workspace: string }) {
  const [filter, setFilter] = useState('');
  const [pages, setPages] = useState(1);
  const asked = useAsked(() => list(workspace, pages), [workspace, pages, addedCount.value]);
  if (asked.error) return <Fault error={asked.error} onRetry={asked.again} />;
  if (!asked.value) return <p class="quiet">…</p>;
  const { documents, next, complete } = asked.value;
  const wanted = documents.filter((one) => one.path.toLowerCase().includes(filter.trim().toLowerCase()));
  return (
    <>
      {documents.length > 8 ? (
        <label class="field">
          <span>{t('docs.search')}</span>
          <input type="search" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
        </label>
      ) : null}
      {complete ? null : <p class="small quiet">{t('docs.scanning')}</p>}
      {wanted.length === 0 ? (
        <p class="note">{t('docs.none')}</p>
      ) : (
        <ul class="list">
          {wanted.map(({ path, kind, lines, version }) => (
            <li key={path}>
              <Link to={`/documents/${encodePath(path)}`} class="item">
                <span class="grow">
                  <span class="name">{visible(path.slice(workspace.length + 1))}</span>
                  <span class="small quiet">
                    {kind === 'text'
                      ? t('docs.lines', { lines: number(lines) })
                      : t(kind === 'package' ? 'docs.office' : 'docs.opaque')}
                  </span>
                </span>
                {version > 1 ? <span class="chip">{t('doc.version', { version })}</span> : null}
              </Link>
            </li>
          ))}
        </ul>
      )}
      {next === undefined ? null : (
        <button type="button" class="button wide" onClick={() => setPages(pages + 1)}>
          {t('action.more')}
        </button>
      )}
    </>
  );
}

async function list(workspace: string, pages: number): Promise<Listed> {
  let all: Listed = { documents: [], complete: true };
  for (let page = 0; page < pages; page++) {
    const after: string | undefined = all.next;
    if (page > 0 && after === undefined) break;
    const more = await ask<Listed>('doc.list', { workspace, max: 200, ...(after === undefined ? {} : { after }) });
    all = { ...more, documents: [...all.documents, ...more.documents] };
  }
  return all;
}
