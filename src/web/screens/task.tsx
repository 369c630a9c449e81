import { useEffect, useRef, useState } from 'preact/hooks';
import { newId } from '../../common/index.ts';
import { back } from '../app/router.ts';
import { t } from '../i18n/index.ts';
import { ApprovalRow } from '../parts/approval-row.tsx';
import { Fault } from '../parts/fault.tsx';
import { TaskChanges } from '../parts/task-changes.tsx';
import { TaskLog } from '../parts/task-log.tsx';
import { StateChip } from '../parts/task-row.tsx';
import { toast } from '../parts/toast.tsx';
import { useAsked } from '../parts/use-asked.ts';
import { visible } from '../parts/visible.ts';
import { When } from '../parts/when.tsx';
import { approvals } from '../state/approvals.ts';
import { ask, connection, invoke } from '../state/session.ts';
import { followTask, isEnded, readTask } from '../state/tasks.ts';

/** One task: what it was asked, what it does now, what it changed; stop, hint, take back. */
export function TaskScreen({ taskId }: { taskId: string }) {
  const live = followTask(taskId);
  const events = live.events.value;
  const marks = events.filter((e) => e.kind === 'task-state' || e.kind === 'task-note' || e.kind === 'task-end').length;
  const asked = useAsked(() => ask<Record<string, unknown>>('task.show', { taskId }), [taskId, marks]);
  const task = asked.value
    ? readTask((asked.value['task'] as Record<string, unknown> | undefined) ?? asked.value)
    : undefined;
  const state = task?.state ?? '';
  const mine = approvals.value.filter((one) => one.taskId === taskId);
  const changes = marks;

  if (asked.error && !task) return <Fault error={asked.error} onRetry={asked.again} />;
  return (
    <div class="stack">
      <div class="head">
        <h1>{task ? visible(task.text) : '…'}</h1>
        <button type="button" class="button plain" onClick={() => back('/')}>
          {t('action.back')}
        </button>
      </div>
      <div class="row">
        {task ? <StateChip state={state} /> : null}
        {task ? <span class="chip">{visible(task.workspace)}</span> : null}
        {task ? <When at={task.createdAt} /> : null}
      </div>
      {task?.status ? <p class="card">{visible(task.status)}</p> : null}
      {mine.length > 0 ? (
        <section class="tight">
          <h2>{t('tasks.waiting')}</h2>
          <ul class="list">
            {mine.map((approval) => (
              <li key={approval.id}>
                <ApprovalRow approval={approval} />
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      <section class="tight">
        <h2>{t('task.changes')}</h2>
        <TaskChanges taskId={taskId} round={changes} />
      </section>
      <section class="tight">
        <h2>{t('task.log')}</h2>
        <TaskLog live={live} isEnded={isEnded(state)} />
      </section>
      {task ? <TaskActions taskId={taskId} state={state} onDone={asked.again} /> : null}
    </div>
  );
}

function TaskActions({ taskId, state, onDone }: { taskId: string; state: string; onDone: () => void }) {
  const [hint, setHint] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const isOffline = connection.value === 'offline';
  // One key a tap target: a second tap after a lost answer has no second effect.
  const keys = useRef(new Map<string, string>());
  useEffect(() => keys.current.clear(), [taskId]);

  const run = async (operation: string, input: object, said?: string) => {
    setBusy(true);
    setError(undefined);
    const name = `${operation} ${JSON.stringify(input)}`;
    const idempotencyKey = keys.current.get(name) ?? newId('key');
    keys.current.set(name, idempotencyKey);
    try {
      await invoke(operation, input, { idempotencyKey });
      keys.current.delete(name);
      if (said) toast(said);
      setHint(undefined);
      onDone();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };

  return (
    <div class="tight">
      {error ? <Fault error={error} /> : null}
      {hint === undefined ? null : (
        <form
          class="tight"
          onSubmit={(event) => {
            event.preventDefault();
            if (hint.trim()) void run('task.steer', { taskId, hint: hint.trim() });
          }}
        >
          <label class="field">
            <span>{t('task.steer-hint')}</span>
            <input value={hint} maxLength={1000} onInput={(event) => setHint(event.currentTarget.value)} />
          </label>
          <div class="pair-of-buttons">
            <button type="button" class="button" onClick={() => setHint(undefined)}>
              {t('action.cancel')}
            </button>
            <button type="submit" class="button main" disabled={isBusy || isOffline}>
              {t('action.send')}
            </button>
          </div>
        </form>
      )}
      <div class="row">
        {isEnded(state) ? (
          <button
            type="button"
            class="button"
            disabled={isBusy || isOffline || state === 'undone'}
            onClick={() => void run('task.undo', { taskId }, t('task.undone'))}
          >
            {t('task.undo-all')}
          </button>
        ) : (
          <>
            <button
              type="button"
              class="button danger"
              disabled={isBusy || isOffline}
              onClick={() => void run('task.cancel', { taskId })}
            >
              {t('task.stop')}
            </button>
            {hint === undefined ? (
              <button type="button" class="button" onClick={() => setHint('')}>
                {t('task.steer')}
              </button>
            ) : null}
          </>
        )}
      </div>
    </div>
  );
}
