import { clockTime, t } from '../i18n/index.ts';
import { ApprovalRow } from '../parts/approval-row.tsx';
import { Link } from '../parts/link.tsx';
import { TaskRow } from '../parts/task-row.tsx';
import { visible } from '../parts/visible.ts';
import { approvals } from '../state/approvals.ts';
import { dropOutgoing, outbox } from '../state/outbox.ts';
import { connection } from '../state/session.ts';
import { ended, running, tasks, tasksAsOf } from '../state/tasks.ts';

/** Answers "does anything need me?" without scrolling. */
export function HomeScreen() {
  const isStale = connection.value === 'offline' && tasksAsOf.value !== undefined;
  return (
    <div class="stack">
      <div class="head">
        <h1>{t('tasks.title')}</h1>
        <Link to="/new" class="button main">
          {t('tasks.new')}
        </Link>
      </div>
      {isStale ? <p class="small quiet">{t('tasks.cached', { time: clockTime(tasksAsOf.value!) })}</p> : null}
      {approvals.value.length > 0 ? (
        <section class="tight">
          <h2>{t('tasks.waiting')}</h2>
          <ul class="list">
            {approvals.value.map((approval) => (
              <li key={approval.id}>
                <ApprovalRow approval={approval} />
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      <OutboxSection />
      {running.value.length > 0 ? (
        <section class="tight">
          <h2>{t('tasks.running')}</h2>
          <ul class="list">
            {running.value.map((task) => (
              <li key={task.taskId}>
                <TaskRow task={task} />
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      {ended.value.length > 0 ? (
        <section class="tight">
          <h2>{t('tasks.done')}</h2>
          <ul class="list">
            {ended.value.map((task) => (
              <li key={task.taskId}>
                <TaskRow task={task} />
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      {tasks.value.length === 0 && tasksAsOf.value !== undefined ? <p class="note">{t('tasks.none')}</p> : null}
    </div>
  );
}

function OutboxSection() {
  if (outbox.value.length === 0) return null;
  return (
    <section class="tight">
      <h2>{t('tasks.outbox')}</h2>
      <ul class="list">
        {outbox.value.map((one) => (
          <li key={one.key} class="item">
            <span class="grow">
              <span class="name">{visible(one.input.text)}</span>
              <span class="small quiet">{one.error ?? t('tasks.outbox-help')}</span>
            </span>
            <button type="button" class="button plain" onClick={() => void dropOutgoing(one.key)}>
              {t('action.cancel')}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
