import type { BoxEvent } from '../../protocol/index.ts';
import { known, t } from '../i18n/index.ts';
import type { LiveTask } from '../state/tasks.ts';
import { visible } from './visible.ts';
import { When } from './when.tsx';

/** What happened, oldest first; the text of the model as it comes. Kinds that this page does not know are left out. */
export function TaskLog({ live, isEnded }: { live: LiveTask; isEnded: boolean }) {
  const lines: { event: BoxEvent; said: string; times: number }[] = [];
  for (const event of live.events.value) {
    const said = sayingOf(event, live);
    const last = lines.at(-1);
    if (said === undefined || said === '') continue;
    if (last?.said === said) last.times++;
    else lines.push({ event, said, times: 1 });
  }
  return (
    <ol class="log">
      {lines.map(({ event, said, times }, i) => (
        <li key={event.seq} class={isBad(event) ? 'bad' : i === lines.length - 1 && !isEnded ? 'now' : ''}>
          <div class="entry">
            <div class="said grow">
              {visible(said)}
              {times > 1 ? <span class="quiet"> ×{times}</span> : null}
            </div>
            <When at={event.at} />
          </div>
        </li>
      ))}
    </ol>
  );
}

function sayingOf({ kind, data }: BoxEvent, live: LiveTask): string | undefined {
  const word = (name: string) => (typeof data[name] === 'string' ? (data[name] as string) : undefined);
  switch (kind as string) {
    case 'task-start':
      return t('task.started');
    case 'task-step':
      return t('task.model');
    case 'task-note':
      return data['undone'] === true ? t('task.undone') : word('note');
    case 'task-state':
      return stateWord(word('state'));
    case 'text-start':
      return live.texts.value.get(word('messageId') ?? '');
    case 'tool-end':
      return [t('task.tool', { operation: word('operation') ?? '' }), word('path')].filter(Boolean).join(' · ');
    case 'task-end':
      return [stateWord(word('state')) ?? t('task.ended'), word('summary')].filter(Boolean).join('\n');
    default:
      return undefined;
  }
}

function stateWord(state: string | undefined): string | undefined {
  const key = state === undefined ? undefined : known(`task.state.${state}`);
  return key ? t(key) : state;
}

function isBad({ kind, data }: BoxEvent): boolean {
  return kind === 'task-end' && data['state'] === 'failed';
}
