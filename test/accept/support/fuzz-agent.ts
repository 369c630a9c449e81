import { ConsoleError } from '../../support/live-box.ts';
import type { Rule } from '../../support/scripted-model.ts';
import { type Field, isGone, pause, type Writer } from './fuzz-field.ts';

/** The first line of every document: what the agent is told to change. */
export const STOCK = 'Stock of bolts: 0 boxes';
/** Tasks that are open at one time; the box works on two. */
const OPEN = 10;
/** One of so many is taken back again. */
const UNDONE = 20;

/** The answers of the model. The place, the bytes and the call are the agent's own work. */
export const RULES: Rule[] = [
  {
    when: '"replace":<',
    like: 'Line: Stock of bolts: (\\d+) boxes\\s+Instruction: .* to (\\d+) boxes',
    parts: ['{"replace":"$1","by":"$2"}'],
  },
  {
    when: '{"new":<the line',
    like: 'Instruction: .* to (\\d+) boxes',
    parts: ['{"new":"Stock of bolts: $1 boxes"}'],
  },
  { when: '"old":<one exact line', like: '(Stock of bolts: \\d+ boxes)', parts: ['{"old":"$1"'] },
];

interface TaskView {
  state: string;
  result: string | null;
  waitingFor: string | null;
}

interface MadeBy {
  path: string;
  version: number;
}

/** The agent of the box: tasks in plain words, each ends as an edit through the door with the rights of an agent. */
export async function agent(field: Field, names: readonly string[], own: Writer): Promise<void> {
  const open = new Map<string, { name: string; count: number }>();
  while (!own.isDone) {
    await field.turn(own);
    for (let n = open.size; n < OPEN && own.journal.length + n < own.wanted; n++) {
      const count = own.next();
      const name = field.pick(names);
      open.set(await submit(field, name, count), { name, count });
    }
    const { tasks } = await field.ask<{ tasks: ({ taskId: string } & TaskView)[] }>('task.list', { open: true });
    const running = new Set(tasks.filter((task) => task.waitingFor === null).map((task) => task.taskId));
    const ended = [...open].filter(([taskId]) => !running.has(taskId));
    for (const [taskId] of ended) open.delete(taskId);
    await Promise.all(ended.map(([taskId, { name, count }]) => finish(field, own, taskId, name, count)));
    if (ended.length === 0) await pause(5);
  }
}

async function submit(field: Field, name: string, count: number): Promise<string> {
  const request = {
    text: `Change the stock of bolts to ${count} boxes`,
    workspace: 'office',
    documents: [`office/${name}`],
  };
  return (await field.ask<{ taskId: string }>('task.submit', request, `fuzz-task-${count}`)).taskId;
}

async function finish(field: Field, own: Writer, taskId: string, name: string, count: number): Promise<void> {
  const task = await field.ask<TaskView>('task.show', { taskId });
  if (task.result !== 'changed') {
    own.refused++;
    // It asks a person, who has no time for it.
    if (task.waitingFor !== null) await cancel(field, taskId);
    return;
  }
  // The answer of the task is that it changed something; which version that is stands in the log.
  const { versions } = await field.ask<{ versions: MadeBy[] }>('doc.log', { task: taskId });
  if (versions.length !== 1) {
    own.problems.push(`the task for ${count} boxes made ${versions.length} versions`);
    return;
  }
  const { version } = versions[0]!;
  const changed = [{ n: 1, text: STOCK.replace('0', `${count}`) }];
  own.journal.push({ name, version, changed, sha256: await field.digestOf(name, version) });
  if (count % UNDONE === 0) await undo(field, own, taskId, name);
}

async function undo(field: Field, own: Writer, taskId: string, name: string): Promise<void> {
  try {
    const { versions } = await field.box.run<{ versions: MadeBy[] }>('task.undo', { taskId });
    for (const { version } of versions)
      own.journal.push({ name, version, sha256: await field.digestOf(name, version) });
  } catch (error) {
    own.refuse(error);
  }
}

async function cancel(field: Field, taskId: string): Promise<void> {
  try {
    await field.ask('task.cancel', { taskId });
  } catch (error) {
    if (!isGone(error) && !(error instanceof ConsoleError)) throw error;
  }
}
