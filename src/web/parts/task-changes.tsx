import { encodePath } from '../app/router.ts';
import { t } from '../i18n/index.ts';
import { ask } from '../state/session.ts';
import { DiffView } from './diff-view.tsx';
import { Link } from './link.tsx';
import { useAsked } from './use-asked.ts';
import { visible } from './visible.ts';

interface Version {
  path: string;
  version: number;
  undone: boolean;
}

interface Change {
  path: string;
  version: number;
  undone: boolean;
  unified: string;
}

/** Every version that the task made, each with its diff. `round` grows when there may be more. */
export function TaskChanges({ taskId, round }: { taskId: string; round: number }) {
  const asked = useAsked(() => changesOf(taskId), [taskId, round]);
  if (!asked.value) return <p class="quiet small">…</p>;
  if (asked.value.length === 0) return <p class="quiet small">{t('task.no-changes')}</p>;
  return (
    <ul class="stack">
      {asked.value.map(({ path, version, undone, unified }) => (
        <li key={`${path} ${version}`} class="tight">
          <div class="row">
            <Link to={`/documents/${encodePath(path)}`} class="grow small">
              {visible(path)}
            </Link>
            <span class={`chip ${undone ? '' : 'good'}`}>
              {undone ? t('doc.is-undone') : t('doc.version', { version })}
            </span>
          </div>
          <DiffView diff={unified} />
        </li>
      ))}
    </ul>
  );
}

async function changesOf(taskId: string): Promise<Change[]> {
  const { versions } = await ask<{ versions: Version[] }>('doc.log', { task: taskId, max: 50 });
  return await Promise.all(
    versions.map(async ({ path, version, undone }) => {
      const range = { path, from: `v${Math.max(1, version - 1)}`, to: `v${version}` };
      const { unified } = await ask<{ unified: string }>('doc.diff', range);
      return { path, version, undone, unified };
    }),
  );
}
