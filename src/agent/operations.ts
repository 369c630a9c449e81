import { fail, type Reader } from '../common/index.ts';
import {
  type AnyOperation,
  type Caller,
  closed,
  DocPath,
  Id,
  LabelSchema,
  operation,
  PLAIN_READ,
  type Static,
  Type,
} from '../protocol/index.ts';
import type { Agent } from './agent.ts';
import type { Invoke } from './ports.ts';
import type { Task } from './records.ts';
import { task as findTask, tasks } from './repository.ts';

export interface AgentRoom {
  agent: Agent;
  invoke: Invoke;
}

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

const TaskShape = closed({
  taskId: Id,
  person: Type.String(),
  text: Type.String(),
  workspace: Type.String(),
  documents: Type.Array(Type.String()),
  hints: Type.Array(Type.String()),
  state: Type.Enum(['queued', 'running', 'waiting', 'done', 'failed', 'cancelled']),
  result: Nullable(Type.Enum(['changed', 'answered', 'refused', 'declined', 'failed', 'cancelled'])),
  summary: Nullable(Type.String()),
  /** The approval or question it waits for. */
  waitingFor: Nullable(Type.String()),
  undone: Type.Boolean(),
  label: LabelSchema,
  steps: Type.Integer(),
  tokens: Type.Integer(),
  activeMs: Type.Integer(),
  createdAt: Type.Integer(),
  endedAt: Nullable(Type.Integer()),
});

function show(task: Task): Static<typeof TaskShape> {
  const { id, submitter: _, label, ...rest } = task;
  return { taskId: id, ...rest, label: { ...label, restrictedTo: [...label.restrictedTo] } };
}

/** Own tasks; the local operator sees all. */
function mine(db: Reader, caller: Caller, taskId: string): Task {
  const found = findTask(db, taskId);
  if (found && (caller.kind === 'console' || found.person === caller.personId)) return found;
  throw fail('TASK_NOT_FOUND', { taskId });
}

const people = ['ws', 'rest', 'cli'] as const;
const reading = {
  since: 1,
  ...PLAIN_READ,
  scope: 'task.read',
  surfaces: people,
} as const;
const writing = {
  since: 1,
  effect: 'write',
  confirmation: 'never',
  idempotency: 'key',
  scope: 'task.submit',
  surfaces: people,
} as const;
const ById = closed({ taskId: Id });
const EXAMPLE = 'task_01jd0000000000000000000000';
const targetOf = (taskId: string) => ({ targets: [{ kind: 'task' as const, id: taskId }] });

export function agentOperations(room: AgentRoom): AnyOperation[] {
  return [...submitting(room), ...looking(), ...steering(room), undoing(room)];
}

function submitting(room: AgentRoom): AnyOperation[] {
  return [
    operation({
      ...writing,
      id: 'task.submit',
      summary: { en: 'Hand the box a task in your own words', zh: '用自己的话交给盒子一个任务' },
      input: closed({
        text: Type.String({ minLength: 1, maxLength: 2000 }),
        workspace: Type.String({ minLength: 1, maxLength: 64 }),
        documents: Type.Optional(Type.Array(DocPath, { maxItems: 50 })),
      }),
      output: closed({ taskId: Id, state: Type.String() }),
      positional: ['text'],
      risk: 'low',
      undo: { by: 'task.cancel' },
      errors: ['DOC_WORKSPACE_NOT_FOUND', 'TASKS_TOO_MANY'],
      examples: [{ note: 'change one date', input: { text: 'The review moves to Thursday', workspace: 'office' } }],
      facts: (_ctx, { workspace }) => ({ targets: [{ kind: 'workspace', id: workspace }] }),
      prepare: async (ctx, { workspace }) => {
        // Throws for a workspace that is not there, before anything is promised.
        await room.invoke(ctx.caller, { operation: 'doc.list', input: { workspace, max: 1 } }, { signal: ctx.signal });
      },
      apply: (ctx, { text, workspace, documents = [] }) => {
        const task = room.agent.submit(ctx.tx, ctx.caller, { text, workspace, documents });
        ctx.undoWith({ taskId: task.id });
        return { taskId: task.id, state: task.state };
      },
    }),
  ];
}

function looking(): AnyOperation[] {
  return [
    operation({
      ...reading,
      id: 'task.list',
      summary: { en: 'List tasks, newest first', zh: '列出任务,最新在前' },
      input: closed({
        open: Type.Optional(Type.Boolean()),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
      }),
      output: closed({ tasks: Type.Array(TaskShape) }),
      errors: [],
      examples: [{ note: 'what is not finished', input: { open: true } }],
      read: (ctx, { open = false, limit = 50 }) => {
        const person = ctx.caller.kind === 'console' ? null : (ctx.caller.personId ?? '');
        const found = tasks(ctx.db, { person, open, limit });
        for (const task of found) ctx.raise(task.label);
        return { tasks: found.map(show) };
      },
    }),
    operation({
      ...reading,
      id: 'task.show',
      summary: { en: 'Show one task', zh: '查看一个任务' },
      input: ById,
      output: TaskShape,
      positional: ['taskId'],
      errors: ['TASK_NOT_FOUND'],
      examples: [{ note: 'one', input: { taskId: EXAMPLE } }],
      read: (ctx, { taskId }) => {
        const task = mine(ctx.db, ctx.caller, taskId);
        ctx.raise(task.label);
        return show(task);
      },
    }),
  ];
}

function steering(room: AgentRoom): AnyOperation[] {
  return [
    operation({
      ...writing,
      id: 'task.steer',
      summary: { en: 'Add a sentence to a task that is not finished', zh: '给未完成的任务补充一句话' },
      input: closed({ taskId: Id, hint: Type.String({ minLength: 1, maxLength: 1000 }) }),
      output: TaskShape,
      positional: ['taskId', 'hint'],
      risk: 'low',
      undo: { by: 'task.cancel' },
      errors: ['TASK_NOT_FOUND', 'TASK_ENDED'],
      examples: [{ note: 'which one', input: { taskId: EXAMPLE, hint: 'I mean the table, not the text' } }],
      facts: (_ctx, { taskId }) => targetOf(taskId),
      apply: (ctx, { taskId, hint }) => {
        const task = mine(ctx.tx, ctx.caller, taskId);
        room.agent.steer(ctx.tx, task, hint);
        return show(task);
      },
    }),
    operation({
      ...writing,
      id: 'task.cancel',
      summary: { en: 'Stop a task at once', zh: '立即停止任务' },
      input: ById,
      output: TaskShape,
      positional: ['taskId'],
      risk: 'medium',
      undo: 'none',
      errors: ['TASK_NOT_FOUND', 'TASK_ENDED'],
      examples: [{ note: 'stop it', input: { taskId: EXAMPLE } }],
      facts: (_ctx, { taskId }) => targetOf(taskId),
      apply: (ctx, { taskId }) => {
        const task = mine(ctx.tx, ctx.caller, taskId);
        room.agent.cancel(ctx.tx, task);
        return show(task);
      },
    }),
  ];
}

function undoing(room: AgentRoom): AnyOperation {
  return operation({
    ...writing,
    id: 'task.undo',
    summary: { en: 'Take back everything a task changed', zh: '撤销任务的全部改动' },
    input: ById,
    output: closed({ taskId: Id, versions: Type.Array(closed({ path: Type.String(), version: Type.Integer() })) }),
    positional: ['taskId'],
    risk: 'low',
    undo: { by: 'doc.redo' },
    errors: ['TASK_NOT_FOUND', 'TASK_NOTHING_TO_UNDO', 'DOC_CONFLICT'],
    examples: [{ note: 'as it was before', input: { taskId: EXAMPLE } }],
    facts: (_ctx, { taskId }) => targetOf(taskId),
    // Goes through the door as the person who asks: their rights to the documents decide, in one call for all of them.
    perform: async (ctx, { taskId }) => {
      const task = mine(ctx.db, ctx.caller, taskId);
      if (task.undone || task.result !== 'changed') throw fail('TASK_NOTHING_TO_UNDO', { taskId });
      const request = { operation: 'doc.undo', input: { task: taskId }, idempotencyKey: `undo-${ctx.callId}` };
      const { output } = await room.invoke(ctx.caller, request, { signal: ctx.signal });
      const { versions } = output as { versions: { path: string; version: number }[] };
      return { taskId, versions: versions.map(({ path, version }) => ({ path, version })) };
    },
    settle: (ctx, { taskId }) => {
      room.agent.markUndone(ctx.tx, mine(ctx.tx, ctx.caller, taskId));
      ctx.undoWith({ task: taskId });
    },
  });
}
