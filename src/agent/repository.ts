import type { Reader, Tx } from '../common/index.ts';
import type { Step, Task, TaskState } from './records.ts';

/* All SQL of this room. */

interface TaskRow {
  id: string;
  person: string;
  submitter: string;
  text: string;
  workspace: string;
  documents: string;
  hints: string;
  state: TaskState;
  result: Task['result'];
  summary: string | null;
  waiting_for: string | null;
  undone: number;
  label: string;
  steps: number;
  tokens: number;
  active_ms: number;
  created_at: number;
  ended_at: number | null;
}

export function insertTask(tx: Tx, task: Task): void {
  tx.run(
    `INSERT INTO agent_task (id, person, submitter, text, workspace, documents, hints, state, result, summary,
       waiting_for, undone, label, steps, tokens, active_ms, created_at, ended_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    task.id,
    task.person,
    JSON.stringify(task.submitter),
    task.text,
    task.workspace,
    JSON.stringify(task.documents),
    JSON.stringify(task.hints),
    task.state,
    task.result,
    task.summary,
    task.waitingFor,
    task.undone ? 1 : 0,
    JSON.stringify(task.label),
    task.steps,
    task.tokens,
    task.activeMs,
    task.createdAt,
    task.endedAt,
  );
}

export function updateTask(tx: Tx, task: Task): void {
  tx.run(
    `UPDATE agent_task SET hints = ?, state = ?, result = ?, summary = ?, waiting_for = ?, undone = ?, label = ?,
       steps = ?, tokens = ?, active_ms = ?, ended_at = ? WHERE id = ?`,
    JSON.stringify(task.hints),
    task.state,
    task.result,
    task.summary,
    task.waitingFor,
    task.undone ? 1 : 0,
    JSON.stringify(task.label),
    task.steps,
    task.tokens,
    task.activeMs,
    task.endedAt,
    task.id,
  );
}

export function task(db: Reader, id: string): Task | undefined {
  const row = db.get<TaskRow>('SELECT * FROM agent_task WHERE id = ?', id);
  return row && read(row);
}

export function tasksInState(db: Reader, states: readonly TaskState[]): Task[] {
  const marks = states.map(() => '?').join(', ');
  return db
    .all<TaskRow>(`SELECT * FROM agent_task WHERE state IN (${marks}) ORDER BY created_at, id`, ...states)
    .map(read);
}

/** Newest first; of one person, or of all for the local operator. */
export function tasks(db: Reader, filter: { person: string | null; open: boolean; limit: number }): Task[] {
  const who = filter.person === null ? '1 = 1' : 'person = ?';
  const open = filter.open ? "AND state IN ('queued', 'running', 'waiting')" : '';
  return db
    .all<TaskRow>(
      `SELECT * FROM agent_task WHERE ${who} ${open} ORDER BY created_at DESC, id DESC LIMIT ?`,
      ...(filter.person === null ? [] : [filter.person]),
      filter.limit,
    )
    .map(read);
}

/** When the oldest task that is open was begun. */
export function oldestOpen(db: Reader): number | undefined {
  const sql = "SELECT min(created_at) AS at FROM agent_task WHERE state IN ('queued', 'running', 'waiting')";
  return db.get<{ at: number | null }>(sql)?.at ?? undefined;
}

export function runningCount(db: Reader): number {
  return db.get<{ n: number }>("SELECT count(*) AS n FROM agent_task WHERE state IN ('queued', 'running', 'waiting')")!
    .n;
}

/** How many tasks there are in each state. */
export function stateCounts(db: Reader): { state: TaskState; n: number }[] {
  return db.all<{ state: TaskState; n: number }>('SELECT state, count(*) AS n FROM agent_task GROUP BY state');
}

interface StepRow extends Omit<Step, 'result'> {
  result: string | null;
}

export function steps(db: Reader, taskId: string): Step[] {
  return db
    .all<StepRow>('SELECT task, n, kind, request, key, state, result FROM agent_step WHERE task = ? ORDER BY n', taskId)
    .map((row) => ({ ...row, result: row.result === null ? null : (JSON.parse(row.result) as unknown) }));
}

export function putStep(tx: Tx, step: Step, at: number): void {
  tx.run(
    `INSERT INTO agent_step (task, n, kind, request, key, state, result, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (task, n) DO UPDATE SET kind = excluded.kind, request = excluded.request, key = excluded.key,
       state = excluded.state, result = excluded.result, at = excluded.at`,
    step.task,
    step.n,
    step.kind,
    step.request,
    step.key,
    step.state,
    step.result === null || step.result === undefined ? null : JSON.stringify(step.result),
    at,
  );
}

export function dropStepsFrom(tx: Tx, taskId: string, n: number): void {
  tx.run('DELETE FROM agent_step WHERE task = ? AND n >= ?', taskId, n);
}

function read(row: TaskRow): Task {
  return {
    id: row.id,
    person: row.person,
    submitter: JSON.parse(row.submitter) as Task['submitter'],
    text: row.text,
    workspace: row.workspace,
    documents: JSON.parse(row.documents) as string[],
    hints: JSON.parse(row.hints) as string[],
    state: row.state,
    result: row.result,
    summary: row.summary,
    waitingFor: row.waiting_for,
    undone: row.undone === 1,
    label: JSON.parse(row.label) as Task['label'],
    steps: row.steps,
    tokens: row.tokens,
    activeMs: row.active_ms,
    createdAt: row.created_at,
    endedAt: row.ended_at,
  };
}
