import { useEffect, useState } from 'preact/hooks';
import { back, encodePath } from '../app/router.ts';
import { number, t } from '../i18n/index.ts';
import { DocumentHistory } from '../parts/document-history.tsx';
import { Fault } from '../parts/fault.tsx';
import { Link } from '../parts/link.tsx';
import { useAsked } from '../parts/use-asked.ts';
import { visible } from '../parts/visible.ts';
import { ask, currentClient } from '../state/session.ts';

interface Read {
  document: string;
  version: number;
  lines: { n: number; text: string }[];
  total: number;
}

const PAGE = 200;

/** One document: its text, and its history. It follows the document, so a new version shows by itself. */
export function DocumentScreen({ path }: { path: string }) {
  const [tab, setTab] = useState<'text' | 'history'>('text');
  const [to, setTo] = useState(PAGE);
  const [round, setRound] = useState(0);
  const asked = useAsked(() => ask<Read>('doc.read', { path, from: 1, to }), [path, to, round]);
  const id = asked.value?.document;
  useEffect(() => {
    if (id === undefined) return;
    const subscription = currentClient()?.subscribe(`doc:${id}`, {
      event: () => setRound((n) => n + 1),
      reset: () => setRound((n) => n + 1),
    });
    return () => subscription?.close();
  }, [id]);
  const name = path.slice(path.indexOf('/') + 1);

  return (
    <div class="stack">
      <div class="head">
        <h1>{visible(name)}</h1>
        <button
          type="button"
          class="button plain"
          onClick={() => back(`/documents/${encodeURIComponent(path.split('/')[0] ?? '')}`)}
        >
          {t('action.back')}
        </button>
      </div>
      <div class="row">
        <div class="choices grow" role="radiogroup" aria-label={visible(name)}>
          {(['text', 'history'] as const).map((one) => (
            <label key={one}>
              <input type="radio" name="tab" checked={tab === one} onChange={() => setTab(one)} />
              <span>{t(`doc.${one}`)}</span>
            </label>
          ))}
        </div>
        <Link to={`/new/${encodePath(path)}`} class="button">
          {t('doc.new-task')}
        </Link>
      </div>
      {asked.error ? <Fault error={asked.error} onRetry={asked.again} /> : null}
      {tab === 'history' ? (
        <DocumentHistory path={path} version={asked.value?.version} />
      ) : asked.value ? (
        <Text read={asked.value} onMore={() => setTo(to + 5 * PAGE)} />
      ) : null}
    </div>
  );
}

function Text({ read, onMore }: { read: Read; onMore: () => void }) {
  const { lines, total, version } = read;
  const rest = total - (lines.at(-1)?.n ?? 0);
  return (
    <>
      <p class="small quiet">
        {t('doc.version', { version })} · {t('docs.lines', { lines: number(total) })}
      </p>
      <ol class="lines">
        {lines.map(({ n, text }) => (
          <li key={n}>
            <span class="n" aria-hidden="true">
              {n}
            </span>
            <span class="text">{visible(text) || ' '}</span>
          </li>
        ))}
      </ol>
      {rest > 0 ? (
        <button type="button" class="button wide" onClick={onMore}>
          {t('action.more')} · {t('doc.elided', { lines: number(rest) })}
        </button>
      ) : null}
    </>
  );
}
