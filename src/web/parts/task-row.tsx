import { known, t } from '../i18n/index.ts';
import type { Task } from '../state/tasks.ts';
import { Link } from './link.tsx';
import { visible } from './visible.ts';
import { When } from './when.tsx';

export function StateChip({ state }: { state: string }) {
  const key = known(`task.state.${state}`);
  const look = state === 'waiting' ? 'attention' : state === 'failed' ? 'bad' : state === 'done' ? 'good' : '';
  return <span class={`chip ${look}`}>{key ? t(key) : state}</span>;
}

export function TaskRow({ task }: { task: Task }) {
  return (
    <Link to={`/tasks/${encodeURIComponent(task.taskId)}`} class="item">
      <span class="grow">
        <span class="name">{visible(task.text)}</span>
        <span class="small quiet">
          {task.status ? `${visible(task.status)} · ` : ''}
          {visible(task.workspace)} · <When at={task.createdAt} />
        </span>
      </span>
      <StateChip state={task.state} />
    </Link>
  );
}
