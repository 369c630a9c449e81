import { afterEach, describe, expect, it } from 'vitest';
import { jingu } from '../../support/jingu.ts';
import { output, StandInBox } from '../../support/stand-in-box.ts';

const SUBMIT = {
  id: 'task.submit',
  summary: { en: 'Submit', zh: '提交' },
  effect: 'write',
  risk: 'low',
  input: {
    type: 'object',
    properties: { text: { type: 'string' }, workspace: { type: 'string' } },
    required: ['text', 'workspace'],
  },
  positional: ['text'],
  examples: [{ note: 'one', input: { text: 'x', workspace: 'docs' } }],
};

let seq = 0;
const event = (kind: string, data: object) =>
  `id: e:${++seq}\nevent: event\ndata: ${JSON.stringify({ topic: 'task:task_1', epoch: 'e', seq, kind, at: 1, data })}\n\n`;

let box: StandInBox;
afterEach(() => box.stop());

/** A box whose task runs as `events` say and ends as `task` says. */
async function stand(events: string, task: object, approvals: object[] = []): Promise<StandInBox> {
  box = new StandInBox((operation) => {
    if (operation === 'operation.describe') return output({ contract: SUBMIT });
    if (operation === 'task.submit') return output({ taskId: 'task_1', state: 'queued' });
    if (operation === 'task.show') return output(task);
    if (operation === 'approval.list') return output({ approvals });
    return { events: `event: ready\ndata: {}\n\n${events}`, stayOpen: true };
  });
  await box.start();
  return box;
}

const submit = (...more: string[]) =>
  jingu(box.data, ['task', 'submit', '把通知期改成 60 天', '--workspace', 'docs', ...more]);

describe('task submit', () => {
  it('without --wait answers at once', async () => {
    await stand('', {});
    expect(await submit()).toEqual({
      code: 0,
      stdout: '{"operation":"task.submit","data":{"taskId":"task_1","state":"queued"}}\n',
      stderr: '',
    });
  });

  it('with --wait answers with the end of the task, its diff and how to take it back', async () => {
    const undo = { operation: 'task.undo', input: { taskId: 'task_1' } };
    const end = event('task-end', {
      state: 'done',
      diff: '-30\n+60\n',
      versions: [{ path: 'docs/a', version: 2 }],
      undo,
    });
    const text = 'event: t\ndata: [1,2,"hi"]\n\n';
    await stand(event('task-start', {}) + text + end, { taskId: 'task_1', state: 'done', result: 'changed' });
    const said = await submit('--wait');
    expect(said.stderr).toBe('');
    expect(JSON.parse(said.stdout)).toEqual({
      operation: 'task.submit',
      data: {
        taskId: 'task_1',
        state: 'done',
        result: 'changed',
        diff: '-30\n+60\n',
        versions: [{ path: 'docs/a', version: 2 }],
        undo,
      },
    });
    expect(said.code).toBe(0);
  });

  it.each([
    [{ state: 'done', result: 'answered' }, 0],
    [{ state: 'done', result: 'refused' }, 1],
    [{ state: 'done', result: 'declined' }, 5],
    [{ state: 'failed', result: 'failed' }, 1],
    [{ state: 'cancelled', result: 'cancelled' }, 1],
  ])('that ends as %j exits %i', async (task, exit) => {
    await stand(event('task-end', task), task);
    expect((await submit('--wait')).code).toBe(exit);
  });

  it('goes on when nobody watches any more: after Ctrl-C, after the time that was given', async () => {
    await stand(event('task-start', {}), {});
    const late = await submit('--wait', '--timeout', '300ms');
    expect(late.code).toBe(75);
    expect(late.stderr).toContain('the task goes on: jingu task show task_1');
    expect(late.stderr).toContain('"code":"TIMED_OUT"');
  });

  it('does not take a box that went away for an end', async () => {
    box = new StandInBox((operation) => {
      if (operation === 'operation.describe') return output({ contract: SUBMIT });
      if (operation === 'task.submit') return output({ taskId: 'task_1', state: 'queued' });
      if (operation === 'approval.list') return output({ approvals: [] });
      return { events: `event: ready\ndata: {}\n\n${event('task-start', {})}` };
    });
    await box.start();
    const said = await submit('--wait');
    expect(said.code).toBe(75);
    expect(JSON.parse(said.stderr)).toMatchObject({ code: 'CLIENT_CONNECTION_LOST', details: { taskId: 'task_1' } });
  });

  it('never answers a question for the person: off a terminal it is exit 6, with the question in the error', async () => {
    const waiting = [
      { id: 'apr_other', taskId: 'task_2', state: 'pending', kind: 'ask', card: {} },
      {
        id: 'apr_1',
        rev: 1,
        taskId: 'task_1',
        state: 'pending',
        kind: 'ask',
        actionHash: null,
        card: { title: 'Which one?' },
      },
    ];
    const { calls } = await stand(event('task-state', { state: 'waiting' }), {}, waiting);
    const said = await submit('--wait', '--yes');
    expect(said.code).toBe(6);
    expect(said.stdout).toBe('');
    expect(JSON.parse(said.stderr)).toMatchObject({
      code: 'QUESTION_PENDING',
      details: { approvalId: 'apr_1', taskId: 'task_1', card: { title: 'Which one?' } },
    });
    expect(calls.some((call) => call.path.includes('approval.answer'))).toBe(false);
  });
});
