import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../accept/support/checks.ts';
import { ConsoleError, LiveBox } from './live-box.ts';
import { randomFrom } from './random.ts';
import { SCRIPTED_ENGINE, ScriptedModel } from './scripted-model.ts';

export interface KillReport {
  rounds: number;
  /** Tasks the box had said yes to before it was killed. */
  acknowledged: number;
  /** Of those, the ones it no longer knew. Must be none. */
  lost: string[];
  /** Ended as they should after the restart. */
  resumed: number;
  /** Ended with a reason, and nothing changed. */
  reported: number;
  /** Anything else: done twice, done by half, wrong bytes. */
  wrong: string[];
  /** What the log of the box says of itself at the end. */
  auditSound: boolean;
}

interface TaskView {
  taskId: string;
  state: string;
  result: string | null;
  summary: string | null;
  waitingFor: string | null;
}

const ENDED = ['done', 'failed', 'cancelled'];

/**
 * Submits tasks to a real daemon with a scripted engine and kills it (SIGKILL) at random moments, then starts it again
 * and looks what became of them. Every second task asks a question first, so that it is killed while parked, too.
 */
export async function killRounds(rounds: number, seed: number, say: (line: string) => void): Promise<KillReport> {
  const random = randomFrom(seed);
  const share = mkdtempSync(join(tmpdir(), 'jingu-kill-'));
  const report: KillReport = {
    rounds,
    acknowledged: 0,
    lost: [],
    resumed: 0,
    reported: 0,
    wrong: [],
    auditSound: false,
  };
  const texts: Record<string, string> = {
    'plain.md': 'Stock of bolts: 10 boxes\n',
    'asks.md': 'North stock of nuts: 10 boxes\nSouth stock of nuts: 30 boxes\n',
  };
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(share, name), text);
  const box = await LiveBox.start({ engineProgram: SCRIPTED_ENGINE });
  try {
    await box.run('workspace.add', { name: 'office', root: share });
    await ScriptedModel.give(box, RULES);
    let spanMs = 400;
    for (let round = 1; round <= rounds; round++) {
      const file = round % 2 === 0 ? 'asks.md' : 'plain.md';
      // To and fro, so that the model's answers can be written down once.
      const count = texts[file]!.includes(': 10 boxes') ? 20 : 10;
      const request = {
        text: `Change the stock of ${file === 'asks.md' ? 'nuts' : 'bolts'} to ${count} boxes`,
        workspace: 'office',
        documents: [`office/${file}`],
      };
      const aim = texts[file]!.replace(/: \d+ boxes/, `: ${count} boxes`);
      const began = performance.now();
      const taskId = await submitAndKill(box, request, `round-${seed}-${round}`, random() * spanMs, report);
      if (taskId === undefined) continue;
      const ended = await finish(box, taskId, report);
      if (!ended) continue;
      const { versions } = await box.run<{ versions: { version: number }[] }>('doc.log', { task: taskId });
      await settle(share, file, [texts[file]!, aim]);
      const now = readFileSync(join(share, file), 'utf8');
      if (ended.state === 'done' && versions.length === 1 && now === aim) report.resumed++;
      else if (ended.state === 'failed' && ended.summary && versions.length === 0 && now === texts[file])
        report.reported++;
      else
        report.wrong.push(`round ${round}: ${ended.state} ${ended.summary} with ${versions.length} versions: ${now}`);
      texts[file] = now;
      // Kills fall into the life of a task, not behind it.
      if (round === 1) spanMs = Math.max(150, (performance.now() - began) / 4);
      if (round % 20 === 0) say(`${round} of ${rounds}: ${report.resumed} resumed, ${report.reported} reported`);
    }
    const { verdict } = await box.run<{ verdict: string }>('audit.verify');
    report.auditSound = verdict === 'intact';
  } finally {
    await box.dispose();
    rmSync(share, { recursive: true, force: true });
  }
  return report;
}

/** What the model answers when it is asked for the line, for the words to replace, or for the whole line. */
const RULES = ['Stock of bolts', 'North stock of nuts', 'South stock of nuts'].flatMap((name) =>
  [
    [10, 20],
    [20, 10],
    [30, 20],
    [30, 10],
  ].flatMap(([from, to]) => {
    const line = `${name}: ${from} boxes`;
    const after = `${name}: ${to} boxes`;
    const wish = `to ${to} boxes`;
    return [
      { when: ['"replace":<', `Line: ${line}`, wish], parts: [JSON.stringify({ replace: `${from}`, by: `${to}` })] },
      { when: ['{"new":<the line', `Line: ${line}`, wish], parts: [JSON.stringify({ new: after })] },
      { when: ['"old":<one exact line', line, wish], parts: [`{"old":${JSON.stringify(line)}`] },
    ];
  }),
);

/** Submits, and kills `afterMs` later whatever has come of it by then. The task's id, once the box is up again. */
async function submitAndKill(
  box: LiveBox,
  request: object,
  key: string,
  afterMs: number,
  report: KillReport,
): Promise<string | undefined> {
  const submitted = box.run<{ taskId: string }>('task.submit', request, { idempotencyKey: key }).then(
    ({ taskId }) => taskId,
    (error: unknown) => {
      // The box went down under the call: nothing was promised.
      if (error instanceof ConsoleError) throw error;
      return undefined;
    },
  );
  const answered = answerWhile(box, submitted);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  await box.kill();
  const known = await submitted;
  await answered;
  await box.restart();
  if (known === undefined) {
    // Sent again with its key, as every client does: one task, however often it is sent.
    return (await box.run<{ taskId: string }>('task.submit', request, { idempotencyKey: key })).taskId;
  }
  report.acknowledged++;
  try {
    await box.run('task.show', { taskId: known });
    return known;
  } catch {
    report.lost.push(known);
    return undefined;
  }
}

/** Answers the task's question as soon as it is there, so that the kill may fall before, into, or after the answer. */
async function answerWhile(box: LiveBox, submitted: Promise<string | undefined>): Promise<void> {
  try {
    const taskId = await submitted;
    for (;;) {
      if (taskId === undefined) return;
      const task = await box.run<TaskView>('task.show', { taskId });
      if (ENDED.includes(task.state)) return;
      if (task.waitingFor) await answer(box, task.waitingFor);
    }
  } catch {
    // Killed meanwhile: answered again after the restart.
  }
}

async function answer(box: LiveBox, id: string): Promise<void> {
  const { card } = await box.run<{ card: { options: { id: string; diff?: string }[] } }>('approval.show', { id });
  const north = card.options.find((o) => o.diff?.includes('+North'));
  await box.run('approval.answer', { id, answer: north?.id ?? 'deny' });
}

/** Waits until the task has ended, answering what it asks. */
async function finish(box: LiveBox, taskId: string, report: KillReport): Promise<TaskView | undefined> {
  try {
    let last: unknown;
    const { value } = await waitFor(`the end of ${taskId}`, 60_000, async () => {
      const task = await box.run<TaskView>('task.show', { taskId });
      if (task.state === 'waiting' && task.waitingFor) {
        await answer(box, task.waitingFor).catch((error: unknown) => {
          if (!(error instanceof ConsoleError) || error.wire.code !== 'APPROVAL_ALREADY_DECIDED') throw error;
        });
      }
      last = task;
      return ENDED.includes(task.state) ? task : undefined;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(last)}`);
    });
    return value;
  } catch (error) {
    report.wrong.push(String(error));
    return undefined;
  }
}

/** The file on the share follows the commit. */
async function settle(share: string, file: string, texts: readonly string[]): Promise<void> {
  let same = '';
  await waitFor(`${file} at rest`, 30_000, async () => {
    const now = readFileSync(join(share, file), 'utf8');
    const isRest = now === same && texts.includes(now);
    same = now;
    return isRest;
  }).catch(() => undefined);
}
