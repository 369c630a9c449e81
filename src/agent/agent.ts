import { type Clock, type Database, fail, isJinguError, type Logger, newId, type Tx } from '../common/index.ts';
import { type Caller, joinLabels } from '../protocol/index.ts';
import type { Think } from './brain.ts';
import { Journal } from './journal.ts';
import type { CallerFor, EventSink, Invoke, Questions, TextStreams } from './ports.ts';
import { OPEN_STATES, type Task, type TaskResult, type TaskState } from './records.ts';
import {
  dropStepsFrom,
  task as findTask,
  insertTask,
  oldestOpen,
  runningCount,
  stateCounts,
  tasksInState,
  updateTask,
} from './repository.ts';
import { RunQueue } from './run-queue.ts';
import { Parked, runTask, type TaskEnd } from './run-task.ts';

export interface AgentOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  invoke: Invoke;
  events: EventSink;
  questions: Questions;
  texts: TextStreams;
  callerFor: CallerFor;
  think: Think;
}

/** Unfinished tasks on the whole box. */
export const MOST_OPEN = 200;

/**
 * Durable tasks. A task is a row with a journal; the runs here only move it on. A killed box takes every open task up
 * again at its next start, at the step it was in.
 */
export class Agent {
  readonly #o: AgentOptions;
  readonly #runs: RunQueue;
  #unlisten: (() => void) | undefined;

  constructor(options: AgentOptions) {
    this.#o = options;
    this.#runs = new RunQueue(options.log, (id, signal) => this.#run(id, signal));
  }

  /** Takes open tasks up again. Resolves at once; they run in their own time. */
  start(): void {
    this.#runs.start();
    const { db, questions } = this.#o;
    this.#unlisten = questions.onResolved((taskId) => this.#wake(taskId));
    for (const { id, state, waitingFor } of tasksInState(db, OPEN_STATES)) {
      const isAnswered =
        state !== 'waiting' || waitingFor === null || questions.outcome(waitingFor)?.state !== 'pending';
      if (isAnswered) this.#runs.enqueue(id);
    }
  }

  /** When the oldest task that is open was begun; `undefined` if none is. */
  openSince(): number | undefined {
    return oldestOpen(this.#o.db);
  }

  /** Lets go of what runs; the journal keeps where it was. Harmless when called twice. */
  async stop(): Promise<void> {
    this.#unlisten?.();
    await this.#runs.stop();
  }

  /** Runs at this moment. */
  get running(): number {
    return this.#runs.running;
  }

  /** How many tasks there are in each state that any task is in. */
  stateCounts(): ReturnType<typeof stateCounts> {
    return stateCounts(this.#o.db);
  }

  /** Resolves when nothing is queued or running; what waits for a person does not count. */
  async settled(): Promise<void> {
    await this.#runs.settled();
  }

  /** Inside the transaction of the call that submits it. Throws TASKS_TOO_MANY. */
  submit(tx: Tx, caller: Caller, wish: { text: string; workspace: string; documents: string[] }): Task {
    const { clock, events } = this.#o;
    const open = runningCount(tx);
    if (open >= MOST_OPEN) throw fail('TASKS_TOO_MANY', { open, limit: MOST_OPEN });
    const task: Task = {
      id: newId('task', clock.now()),
      person: caller.personId ?? caller.kind,
      submitter: caller,
      ...wish,
      hints: [],
      state: 'queued',
      result: null,
      summary: null,
      waitingFor: null,
      undone: false,
      label: caller.label,
      steps: 0,
      tokens: 0,
      activeMs: 0,
      createdAt: clock.now(),
      endedAt: null,
    };
    insertTask(tx, task);
    events.own(tx, topicOf(task.id), task.person);
    events.emit(tx, topicOf(task.id), 'task-start', { taskId: task.id, text: task.text, workspace: task.workspace });
    tx.afterCommit(() => this.#runs.enqueue(task.id));
    return task;
  }

  /** One more sentence for a task that is not finished; it is thought over anew. Throws TASK_ENDED. */
  steer(tx: Tx, task: Task, hint: string): void {
    assertOpen(task);
    task.hints.push(hint);
    this.#o.questions.withdraw(tx, task.id);
    dropStepsFrom(tx, task.id, 0);
    this.#setState(tx, task, 'queued');
    this.#o.events.emit(tx, topicOf(task.id), 'task-note', { taskId: task.id, note: hint });
    tx.afterCommit(() => this.#runs.restart(task.id));
  }

  /** Stops at once; what was changed stays until it is undone. Throws TASK_ENDED. */
  cancel(tx: Tx, task: Task): void {
    assertOpen(task);
    this.#o.questions.withdraw(tx, task.id);
    this.#end(tx, task, 'cancelled', { result: 'cancelled', summary: '', versions: [] });
    tx.afterCommit(() => this.#runs.abort(task.id));
  }

  /** Marks a task whose changes were taken back. */
  markUndone(tx: Tx, task: Task): void {
    task.undone = true;
    updateTask(tx, task);
    this.#o.events.emit(tx, topicOf(task.id), 'task-note', { taskId: task.id, undone: true });
  }

  /** A question or approval of this task was resolved. If its run is just parking, it is looked at again afterwards. */
  #wake(id: string): void {
    this.#runs.afterRun(id, () => {
      if (findTask(this.#o.db, id)?.state === 'waiting') this.#runs.enqueue(id);
    });
  }

  async #run(id: string, signal: AbortSignal): Promise<void> {
    const { db } = this.#o;
    const task = await db.write((tx) => {
      const found = findTask(tx, id);
      if (!found || !OPEN_STATES.includes(found.state)) return undefined;
      found.waitingFor = null;
      this.#setState(tx, found, 'running');
      return found;
    });
    if (!task) return;
    try {
      const end = await this.#walk(task, signal);
      await this.#settle(task, 'done', end);
    } catch (error) {
      // Stopped, steered or cancelled: whoever did that has written the state; the journal is kept.
      if (signal.aborted) return;
      if (error instanceof Parked) return await this.#park(task, error.id);
      const parkedAt =
        isJinguError(error) && error.code === 'APPROVAL_PENDING' ? error.details['approvalId'] : undefined;
      if (typeof parkedAt === 'string') return await this.#park(task, parkedAt);
      await this.#settle(task, ...this.#explain(task, error));
    }
  }

  async #walk(task: Task, signal: AbortSignal): Promise<TaskEnd> {
    const { db, clock, invoke, callerFor, questions, texts, think, events } = this.#o;
    const journal = new Journal(task, {
      db,
      clock,
      invoke,
      signal,
      caller: (label) => {
        const caller = callerFor(task.submitter, task.id);
        return { ...caller, label: joinLabels(caller.label, label) };
      },
      told: (tx, step) => {
        const kind = step.operation === 'model.complete' ? 'task-step' : 'tool-end';
        events.emit(tx, topicOf(task.id), kind, { taskId: task.id, ...step });
      },
    });
    return await runTask(journal, {
      think,
      signal,
      locale: task.submitter.locale,
      outcome: (questionId) => questions.outcome(questionId),
      ask: (request) =>
        db.write((tx) => {
          const questionId = questions.ask(tx, { personId: task.person, taskId: task.id, ...request });
          journal.recordIn(tx, 'question', request, questionId);
          return questionId;
        }),
      say: (text) =>
        journal.once('say', { text }, async () => {
          const handle = await texts.start(topicOf(task.id), { taskId: task.id });
          handle.append(text);
          await handle.end();
        }),
    });
  }

  async #park(task: Task, waitingFor: string): Promise<void> {
    await this.#o.db.write((tx) => {
      if (!this.#isMine(tx, task)) return;
      task.waitingFor = waitingFor;
      this.#setState(tx, task, 'waiting');
    });
    // It may have been answered between the look and the commit.
    const outcome = this.#o.questions.outcome(waitingFor);
    if (outcome?.state !== 'pending') queueMicrotask(() => this.#wake(task.id));
  }

  async #settle(task: Task, state: TaskState, end: TaskEnd): Promise<void> {
    await this.#o.db.write((tx) => {
      if (this.#isMine(tx, task)) this.#end(tx, task, state, end);
    });
  }

  /** False when a cancel or a hint has moved the task on while its run was ending. */
  #isMine(tx: Tx, task: Task): boolean {
    const now = findTask(tx, task.id);
    return now?.state === 'running' && now.hints.length === task.hints.length;
  }

  #end(tx: Tx, task: Task, state: TaskState, end: TaskEnd): void {
    task.result = end.result;
    task.summary = end.summary;
    task.waitingFor = null;
    task.endedAt = this.#o.clock.now();
    task.state = state;
    updateTask(tx, task);
    dropStepsFrom(tx, task.id, 0);
    const { id: taskId, result, summary } = task;
    const undo = end.versions.length > 0 ? { operation: 'task.undo', input: { taskId } } : null;
    this.#o.events.emit(tx, topicOf(task.id), 'task-end', {
      taskId,
      state,
      result,
      summary,
      versions: end.versions,
      undo,
      ...(end.diff === undefined ? {} : { diff: end.diff }),
    });
  }

  #setState(tx: Tx, task: Task, state: TaskState): void {
    if (task.state === state) return updateTask(tx, task);
    task.state = state;
    updateTask(tx, task);
    this.#o.events.emit(tx, topicOf(task.id), 'task-state', { taskId: task.id, state, waitingFor: task.waitingFor });
  }

  #explain(task: Task, error: unknown): [TaskState, TaskEnd] {
    const known = isJinguError(error) ? error : fail('INTERNAL', {}, error);
    if (!isJinguError(error)) {
      this.#o.log.error({ task: task.id, error: error instanceof Error ? error.stack : String(error) }, 'task-failed');
    }
    const { message, hint } = known.toWire(task.submitter.locale);
    const isNo = known.code === 'APPROVAL_DENIED' || known.code === 'APPROVAL_EXPIRED';
    const result: TaskResult = isNo ? 'declined' : 'failed';
    return [isNo ? 'done' : 'failed', { result, summary: `${message} ${hint ?? ''} (${known.code})`, versions: [] }];
  }
}

export function topicOf(taskId: string): string {
  return `task:${taskId}`;
}

function assertOpen(task: Task): void {
  if (!OPEN_STATES.includes(task.state)) throw fail('TASK_ENDED', { taskId: task.id, state: task.state });
}
