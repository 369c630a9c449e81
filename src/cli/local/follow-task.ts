import { cliFail } from '../cli-error.ts';
import { ask, type Context, call } from '../context.ts';
import type { EventData } from '../render/event.ts';
import { taskLine } from '../render/task.ts';
import { plain, renderDiff } from '../render/value.ts';

interface Approval {
  id: string;
  rev: number;
  kind: 'approve' | 'ask';
  state: string;
  taskId: string | null;
  actionHash: string | null;
  card: Record<string, unknown>;
}

/**
 * Follows a task to its end: events as they come, the model's text, and each question or approval asked on the
 * terminal. Returns what `task.show` says at the end, with the diff and
 * how to take it back. Where nobody can be asked, a waiting question ends it with
 * QUESTION_PENDING or APPROVAL_PENDING (exit 6); the task itself goes on waiting.
 */
export async function followTask(context: Context, taskId: string): Promise<Record<string, unknown>> {
  const { box, terminal } = context;
  const stop = new AbortController();
  const parts = [context.signal, stop.signal];
  if (context.globals.timeoutMs !== undefined) parts.push(AbortSignal.timeout(context.globals.timeoutMs));
  const signal = AbortSignal.any(parts);
  let end: Record<string, unknown> = {};
  try {
    for await (const { kind, data } of box.follow(`task:${taskId}`, undefined, signal)) {
      if (kind === 't' && terminal.isHuman) process.stderr.write(plain((data as [number, number, string])[2]));
      if (kind !== 'event') continue;
      const event = data as EventData;
      if (terminal.isHuman && event.kind !== 'task-end') terminal.note(taskLine(event, terminal));
      if (event.kind === 'task-end') {
        const { versions, diff, undo } = event.data;
        end = { versions, diff, undo };
        break;
      }
      await answerOpen(context, taskId);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    terminal.note(`the task goes on: jingu task show ${taskId} · jingu task cancel ${taskId}`);
    if (context.signal.aborted) throw error;
    throw cliFail('TIMED_OUT', { ms: context.globals.timeoutMs, taskId }, context.locale, error);
  } finally {
    stop.abort();
  }
  if (Object.keys(end).length === 0) throw cliFail('CLIENT_CONNECTION_LOST', { taskId }, context.locale);
  return { ...(await ask<Record<string, unknown>>(context, 'task.show', { taskId })), ...end };
}

/** Asks what waits for an answer about this task, oldest first. */
async function answerOpen(context: Context, taskId: string): Promise<void> {
  const { approvals } = await ask<{ approvals: Approval[] }>(context, 'approval.list');
  for (const approval of approvals.filter((one) => one.taskId === taskId && one.state === 'pending')) {
    if (!context.terminal.mayAsk) {
      const code = approval.kind === 'ask' ? 'QUESTION_PENDING' : 'APPROVAL_PENDING';
      throw cliFail(code, { approvalId: approval.id, taskId, card: approval.card }, context.locale);
    }
    await answerOne(context, approval);
  }
}

async function answerOne(context: Context, approval: Approval): Promise<void> {
  const { terminal, signal, locale } = context;
  const { card } = approval;
  terminal.note('');
  terminal.note(
    terminal.style('bold', plain(textOf(card['title'] ?? card['question'] ?? card['effect'], locale)), 'stderr'),
  );
  if (typeof card['diff'] === 'string') terminal.note(renderDiff(card['diff'], terminal));
  const options = optionsOf(card, locale);
  for (const [i, option] of options.entries()) {
    terminal.note(`  ${i + 1}  ${plain(option.label)}`);
    if (option.diff) terminal.note(renderDiff(option.diff, terminal));
  }
  const hint = options.length > 0 ? `1-${options.length}` : approval.kind === 'approve' ? 'approve/deny' : 'answer';
  const typed = await terminal.ask(`${hint}> `, signal);
  if (!typed) throw cliFail('QUESTION_PENDING', { approvalId: approval.id }, locale);
  const answer = options[Number(typed) - 1]?.id ?? typed;
  const { id, rev, actionHash } = approval;
  await call(context, 'approval.answer', { id, rev, answer, ...(actionHash === null ? {} : { actionHash }) });
}

function optionsOf(card: Record<string, unknown>, locale: 'en' | 'zh'): { id: string; label: string; diff?: string }[] {
  const options = card['options'];
  if (!Array.isArray(options)) return [];
  return options.map((option: unknown) => {
    if (typeof option === 'string') return { id: option, label: option };
    const { id, label, text, diff } = option as { id?: string; label?: unknown; text?: unknown; diff?: string };
    return { id: id ?? '', label: textOf(label ?? text ?? id, locale), ...(diff ? { diff } : {}) };
  });
}

function textOf(value: unknown, locale: 'en' | 'zh'): string {
  if (typeof value === 'object' && value !== null) return textOf((value as Record<string, unknown>)[locale], locale);
  return value === undefined ? '' : String(value);
}
