import { useEffect, useState } from 'preact/hooks';
import { back, navigate, path } from '../app/router.ts';
import { t } from '../i18n/index.ts';
import { useAsked } from '../parts/use-asked.ts';
import { visible } from '../parts/visible.ts';
import { OUTBOX_LIMIT, outbox, submitTask, submitted } from '../state/outbox.ts';
import { ask, connection } from '../state/session.ts';

interface Workspaces {
  workspaces: { id: string; name: string }[];
}

/** Words, workspace, send. Works offline: the task waits in the outbox with its key. */
export function NewTaskScreen({ document }: { document: string | undefined }) {
  const fixed = document?.split('/')[0];
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(fixed);
  const [key, setKey] = useState<string>();
  const asked = useAsked(() => ask<Workspaces>('workspace.list', {}), []);
  const names = fixed === undefined ? (asked.value?.workspaces ?? []).map((one) => one.name) : [fixed];
  const workspace = chosen ?? names[0];
  const isFull = outbox.value.length >= OUTBOX_LIMIT;

  const taskId = key === undefined ? undefined : submitted.value.get(key);
  useEffect(() => {
    if (taskId !== undefined && path.value.startsWith('/new'))
      navigate(`/tasks/${encodeURIComponent(taskId)}`, { replace: true });
  }, [taskId]);

  const send = async () => {
    if (!workspace || !text.trim() || isFull) return;
    setKey(
      await submitTask({ text: text.trim(), workspace, ...(document === undefined ? {} : { documents: [document] }) }),
    );
    if (connection.value === 'offline') navigate('/', { replace: true });
  };

  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div class="head">
        <h1>{t('new.title')}</h1>
        <button type="button" class="button plain" onClick={() => back('/')}>
          {t('action.cancel')}
        </button>
      </div>
      <label class="field">
        <span>{t('new.what')}</span>
        <textarea
          name="text"
          rows={4}
          maxLength={2000}
          placeholder={t('new.example')}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      {names.length > 1 ? (
        <fieldset class="field">
          <span>{t('new.where')}</span>
          <div class="choices">
            {names.map((name) => (
              <label key={name}>
                <input type="radio" name="workspace" checked={name === workspace} onChange={() => setChosen(name)} />
                <span>{visible(name)}</span>
              </label>
            ))}
          </div>
        </fieldset>
      ) : null}
      {asked.value && names.length === 0 ? <p class="note">{t('new.no-workspace')}</p> : null}
      {names.length === 1 && document === undefined ? (
        <p class="small">
          <span class="quiet">{t('new.where')}: </span>
          {visible(names[0]!)}
        </p>
      ) : null}
      {document === undefined ? null : (
        <p class="small">
          <span class="quiet">{t('new.document')}: </span>
          {visible(document)}
        </p>
      )}
      {connection.value === 'offline' ? <p class="note">{t('new.offline')}</p> : null}
      {isFull ? <p class="note bad">{t('new.full', { limit: OUTBOX_LIMIT })}</p> : null}
      <button type="submit" class="button main" disabled={!workspace || !text.trim() || isFull || key !== undefined}>
        {t('new.send')}
      </button>
    </form>
  );
}
