import type { BoxEvent } from '../../protocol/index.ts';
import { known, t } from '../i18n/index.ts';
import type { LiveTask } from '../state/tasks.ts';
import { visible } from './visible.ts';
import { When } from './when.tsx';

/** What happened, oldest first; the text of the model as it comes. Kinds that this page does not know are left out. */
export function TaskLog({ live, isEnded }: { live: LiveTask; isEnded: boolean }) {
  const lines = live.events.value
    .map((event) => ({ event, said: sayingOf(event, live) }))
    .filter((line) => line.said !== undefined);
  return (
    <ol class="log">
      {lines.map(({ event, said }, i) => (
        <li key={event.seq} class={isBad(event) ? 'bad' : i === lines.length - 1 && !isEnded ? 'now' : ''}>
          <div>
            <div class="said">{visible(said ?? '')}</div>
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
    case 'task-note':
      return word('text') ?? word('note') ?? word('step') ?? word('message');
    case 'task-state':
      return stateWord(word('state'));
    case 'text-start':
      return live.texts.value.get(word('messageId') ?? '') || undefined;
    case 'tool-start':
      return t('task.tool', { operation: word('operation') ?? '' });
    case 'tool-end':
      return word('error') ?? word('summary');
    case 'task-end':
      return [stateWord(word('state')) ?? t('task.ended'), word('summary') ?? word('answer') ?? word('reason')]
        .filter(Boolean)
        .join('\n');
    default:
      return undefined;
  }
}

function stateWord(state: string | undefined): string | undefined {
  const key = state === undefined ? undefined : known(`task.state.${state}`);
  return key ? t(key) : state;
}

function isBad({ kind, data }: BoxEvent): boolean {
  return typeof data['error'] === 'string' || (kind === 'task-end' && data['state'] === 'failed');
}
