import type { Locale } from '../../common/index.ts';
import type { Terminal } from '../terminal.ts';
import { type EventData, eventLine } from './event.ts';
import { plain, renderDiff } from './value.ts';

/** One event of a task as somebody watching wants it: what was done, to what. */
export function taskLine(event: EventData, terminal: Terminal): string {
  const { data } = event;
  const words = wordsOf(event.kind, data);
  if (words === undefined) return eventLine(event, terminal);
  const clock = new Date(event.at).toTimeString().slice(0, 8);
  return `${terminal.style('dim', clock, 'stderr')}  ${plain(words).replaceAll('\n', ' ')}`;
}

function wordsOf(kind: string, data: Record<string, unknown>): string | undefined {
  const { operation, path, tokens, text, state, note, summary } = data as Record<string, string | undefined>;
  switch (kind) {
    case 'task-start':
      return text;
    case 'task-state':
      return state;
    case 'task-note':
      return note;
    case 'tool-end':
      return [operation, path].filter(Boolean).join('  ');
    case 'task-step':
      return [operation, tokens === undefined ? '' : `${tokens} tokens`].filter(Boolean).join('  ');
    case 'task-end':
      return summary ?? state;
    default:
      return undefined;
  }
}

/** How it ended, for people: what was changed and the command that takes it back. */
export function taskEnd(task: Record<string, unknown>, terminal: Terminal, locale: Locale): string {
  const { taskId, result, summary, diff, undo } = task;
  const colour = result === 'changed' || result === 'answered' ? 'green' : 'yellow';
  const lines = [`${terminal.style(colour, String(result ?? task['state']))}  ${plain(summary ?? '')}`];
  if (typeof diff === 'string') lines.push('', renderDiff(diff, terminal));
  if (undo) lines.push('', `${locale === 'zh' ? '撤回' : 'Take it back'}: jingu task undo ${String(taskId)}`);
  return lines.join('\n');
}
