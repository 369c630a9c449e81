/**
 * The main job with nothing pretended: the real daemon on a fresh data directory, the real starter model, real files, a
 * client paired over TLS by the printed link. Bars: 80 % right, no wrong edit without having asked, nothing but the
 * addressed place changes; then everything is taken back to the first bytes and the record verifies offline.
 * `--no-compare` leaves out the plain tool loop, `--only 3,7` runs some cases.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CATALOGUE, STARTER_MODEL } from '../../src/inference/index.ts';
import { type BoxEvent, parsePairingLink } from '../../src/protocol/index.ts';
import { Checks } from '../support/checks.ts';
import { LiveBox } from '../support/live-box.ts';
import { type PairedDevice, pairDevice } from '../support/paired.ts';
import { CASES, type Case, DOCUMENTS, wanted } from './support/office.ts';
import { plainLoop } from './support/plain-loop.ts';

type Verdict =
  | 'right at once'
  | 'right after one question'
  | 'refused, rightly'
  | 'refused, although it could be done'
  | 'WRONG';

interface Option {
  id: string;
  label: string;
  diff?: string;
}
interface Approval {
  id: string;
  rev: number;
  taskId: string;
  card: { question: string; options: Option[] };
}

const starter = CATALOGUE.find((entry) => entry.id === STARTER_MODEL)!;
const models = [
  process.env['JINGU_MODELS'],
  join(process.env['JINGU_CACHE'] ?? join(homedir(), '.cache', 'jingu'), 'models'),
].find((folder) => folder !== undefined && existsSync(join(folder, starter.file)));
if (models === undefined) {
  console.log('UNAVAILABLE: no real model; npm start fetches the starter model');
  process.exit(77);
}

const only = process.argv[process.argv.indexOf('--only') + 1];
const cases = process.argv.includes('--only')
  ? CASES.filter((_, i) => only!.split(',').includes(String(i + 1)))
  : CASES;
const share = mkdtempSync(join(tmpdir(), 'jingu-share-'));
for (const [name, text] of Object.entries(DOCUMENTS)) writeFileSync(join(share, name), text);
const checks = new Checks();
const box = await LiveBox.start({ models });
const phone = await pairDevice(box, { link: box.link, person: 'Main job' });
await phone.client.connect();
await box.run('workspace.add', { name: 'office', root: share });

const contents = () =>
  Object.fromEntries(Object.keys(DOCUMENTS).map((name) => [name, readFileSync(join(share, name), 'utf8')]));
const tasks: string[] = [];
const untraced: string[] = [];
const verdicts: { case: Case; verdict: Verdict; seconds: number; note: string }[] = [];

for (const [i, it] of cases.entries()) {
  const started = performance.now();
  const before = contents();
  const right = wanted(before[it.file]!, it.expect);
  const { asked, ended, taskId } = await hand(it, before, right);
  tasks.push(taskId);
  const changed = ended.data['result'] === 'changed';
  const after = await settled(before, changed);
  const isRight =
    right.includes(after[it.file]!) &&
    Object.keys(before).every((name) => name === it.file || after[name] === before[name]);
  const verdict = judge(it, isRight, asked, changed);
  const seconds = (performance.now() - started) / 1000;
  verdicts.push({ case: it, verdict, seconds, note: String(ended.data['summary'] ?? '') });
  console.log(`${String(i + 1).padStart(2)} ${seconds.toFixed(1).padStart(5)} s  ${verdict.padEnd(34)} ${it.say}`);
  if (verdict === 'WRONG' || verdict.startsWith('refused, although'))
    console.log(`      ${ended.data['summary']}\n${diffOf(before, after)}`);
  if (changed) await checkTraces(it, taskId, ended);
}

/** Hands over one instruction and answers at most one question as a person would: by looking at the diffs. */
async function hand(it: Case, before: Record<string, string>, right: string[]) {
  const documents = it.anywhere ? {} : { documents: [`office/${it.file}`] };
  const submitted = await phone.client.invoke('task.submit', { text: it.say, workspace: 'office', ...documents });
  const { taskId } = submitted.output as { taskId: string };
  let asked = 0;
  let waiting: (event: BoxEvent) => void = () => {};
  const events: BoxEvent[] = [];
  const subscription = phone.client.subscribe(`task:${taskId}`, {
    event: (event) => {
      events.push(event);
      waiting(event);
    },
  });
  const next = (from: number, wants: (event: BoxEvent) => boolean): Promise<BoxEvent> => {
    const there = events.slice(from).find(wants);
    if (there) return Promise.resolve(there);
    return new Promise((resolve) => {
      waiting = (event) => {
        if (wants(event)) resolve(event);
      };
    });
  };
  for (let from = 0; ; from = events.length) {
    const event = await next(
      from,
      (e) => e.kind === 'task-end' || (e.kind === 'task-state' && e.data['state'] === 'waiting'),
    );
    if (event.kind === 'task-end') {
      subscription.close();
      return { asked, ended: event, taskId };
    }
    asked++;
    const { approvals } = (await phone.client.invoke('approval.list', {})).output as { approvals: Approval[] };
    const question = approvals.find((a) => a.taskId === taskId)!;
    const pick = question.card.options.find((option) => leadsTo(option, before, it.file, right));
    await phone.client.invoke('approval.answer', { id: question.id, rev: question.rev, answer: pick?.id ?? 'deny' });
  }
}

/** Whether a person who sees this diff would say: yes, that. The diff is applied and compared with what is wanted. */
function leadsTo(option: Option, before: Record<string, string>, file: string, right: string[]): boolean {
  const [head = '', ...rows] = (option.diff ?? '').split('\n');
  if (!head.endsWith(file)) return false;
  const lines = before[file]!.split('\n');
  let at = 0;
  for (const row of rows) {
    const hunk = /^@@ line (\d+) @@$/.exec(row);
    if (hunk) at = Number(hunk[1]) - 1;
    else if (row.startsWith('-')) lines.splice(at, 1);
    else if (row.startsWith('+') && !row.startsWith('+++')) lines.splice(at++, 0, row.slice(1));
  }
  return right.includes(lines.join('\n'));
}

function judge(it: Case, isRight: boolean, asked: number, changed: boolean): Verdict {
  if ('cannot' in it.expect) return changed ? 'WRONG' : isRight ? 'refused, rightly' : 'WRONG';
  if (!changed) return isRight ? 'WRONG' : 'refused, although it could be done';
  if (!isRight || ('either' in it.expect && asked === 0)) return 'WRONG';
  return asked === 0 ? 'right at once' : 'right after one question';
}

/** The file on the share follows the commit: waits until the projection is done. */
async function settled(before: Record<string, string>, changed: boolean): Promise<Record<string, string>> {
  for (let look = 0; look < 200; look++) {
    const now = contents();
    if (!changed || Object.keys(now).some((name) => now[name] !== before[name])) return now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return contents();
}

/** The version in the log, its diff and the record of the call, each as a person would look it up. */
async function checkTraces(it: Case, taskId: string, ended: BoxEvent): Promise<void> {
  const [made] = ended.data['versions'] as { path: string; version: number }[];
  const log = (await phone.client.invoke('doc.log', { path: made!.path })).output as {
    versions: { version: number; by: { taskId: string } }[];
  };
  const records = (
    await box.run<{
      records: { body: { operation?: string; targets?: { name?: string }[] }; actor: { taskId?: string } | null }[];
    }>('audit.list', { max: 50 })
  ).records;
  const diff = (
    await phone.client.invoke('doc.diff', { path: made!.path, from: `v${made!.version - 1}`, to: `v${made!.version}` })
  ).output as { unified: string };
  const isLogged = log.versions.some((v) => v.version === made!.version && v.by.taskId === taskId);
  const isRecorded = records.some((r) => r.body.operation === 'doc.edit' && r.actor?.taskId === taskId);
  if (!isLogged || !isRecorded || !diff.unified.includes('\n+')) {
    untraced.push(it.say);
  }
}

function diffOf(before: Record<string, string>, after: Record<string, string>): string {
  const out: string[] = [];
  for (const name of Object.keys(before)) {
    const was = before[name]!.split('\n');
    const is = after[name]!.split('\n');
    for (const line of was) if (!is.includes(line)) out.push(`      ${name} -${line}`);
    for (const line of is) if (!was.includes(line)) out.push(`      ${name} +${line}`);
  }
  return out.join('\n');
}

const count = (verdict: Verdict) => verdicts.filter((v) => v.verdict === verdict).length;
const right = count('right at once') + count('right after one question') + count('refused, rightly');
const share100 = Math.round((100 * right) / verdicts.length);
console.log(
  `\nright at once ${count('right at once')}, right after one question ${count('right after one question')}, refused with a reason ${count('refused, rightly')} rightly and ${count('refused, although it could be done')} although it could be done, wrong ${count('WRONG')}; ${right} of ${verdicts.length} (${share100} %)`,
);
const times = verdicts.map((v) => v.seconds).sort((a, b) => a - b);
console.log(
  `seconds a task: median ${times[Math.floor(times.length / 2)]?.toFixed(1)}, longest ${times.at(-1)?.toFixed(1)}`,
);

await checks.check(`at least 80 % right: ${right} of ${verdicts.length}`, () => right / verdicts.length >= 0.8);
await checks.check('no wrong edit was applied without having asked', () => count('WRONG') === 0);
await checks.check('every edit is a version of its task, with a diff and a record', () => {
  for (const say of untraced) console.log(`      untraced: ${say}`);
  return untraced.length === 0 && verdicts.some((v) => v.verdict.startsWith('right'));
});
await checks.check('undoing every task gives back the first bytes', async () => await undoAll(phone));
await checks.check('the exported record verifies offline, with a program of its own', async () => await verifyExport());
if (!process.argv.includes('--no-compare')) await compare();
phone.client.close();
await box.dispose();
rmSync(share, { recursive: true, force: true });
process.exitCode = checks.end();

async function undoAll(device: PairedDevice): Promise<boolean> {
  for (const taskId of tasks.reverse()) {
    const { result } = (await device.client.invoke('task.show', { taskId })).output as { result: string };
    if (result === 'changed') await device.client.invoke('task.undo', { taskId });
  }
  for (let look = 0; look < 200; look++) {
    const now = contents();
    if (Object.entries(DOCUMENTS).every(([name, text]) => now[name] === text)) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

async function verifyExport(): Promise<boolean> {
  const { path } = await box.run<{ path: string }>('audit.export', { into: 'file' });
  const alone = mkdtempSync(join(tmpdir(), 'jingu-verify-'));
  mkdirSync(join(alone, 'program'));
  const source = join(import.meta.dirname, '..', '..', 'src', 'audit');
  for (const name of ['verify-main.ts', 'verify.ts', 'verify-format.ts']) {
    writeFileSync(join(alone, 'program', name), readFileSync(join(source, name)));
  }
  writeFileSync(join(alone, 'program', 'package.json'), '{"type":"module"}');
  const run = spawnSync(process.execPath, [join(alone, 'program', 'verify-main.ts'), path], { encoding: 'utf8' });
  rmSync(alone, { recursive: true, force: true });
  if (run.status !== 0) console.log(run.stdout, run.stderr);
  return run.status === 0;
}

/** The same instructions the usual way, on the same engine: a report, not a bar. */
async function compare(): Promise<void> {
  const { secret } = await box.run<{ secret: string }>('token.create', {
    name: 'plain loop',
    scopes: ['infer'],
    days: 1,
  });
  const { spki } = parsePairingLink(box.link)!;
  let exact = 0;
  let wrong = 0;
  let untouched = 0;
  for (const it of cases) {
    // The whole of the long document does not fit any prompt: the plain way cannot even begin there.
    const text = DOCUMENTS[it.file]!;
    const after =
      text.length > 20_000
        ? text
        : await plainLoop({ address: box.address, spki, token: secret, file: it.file, text, say: it.say });
    if (after === text) untouched++;
    else if (wanted(text, it.expect).includes(after)) exact++;
    else wrong++;
  }
  const rightly = cases.filter((it) => 'cannot' in it.expect).length;
  console.log(
    `plain tool loop on the same engine: exact ${exact}, wrong edits ${wrong}, nothing changed ${untouched} (${rightly} of the ${cases.length} cannot be done)`,
  );
}
