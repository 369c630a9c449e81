import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isJinguError } from '../../src/common/index.ts';
import { DocBox } from './doc-box.ts';
import { diceFrom } from './random.ts';

export interface BatchReport {
  landed: number;
  refused: number;
  injected: number;
  kills: number;
  /** Rounds that were answered before a kill. */
  acknowledged: number;
  wrong: string[];
}

const WRITER = new URL('./batch-writer.ts', import.meta.url).pathname;
const nameOf = (i: number): string => `b${i}.txt`;

/**
 * Edits of many documents at once, some with one document that cannot be done, some with a database that fails at a
 * random document of the batch: either all of them change or none.
 */
export async function batchTrials(rounds: number, documents: number, seed: number): Promise<BatchReport> {
  const report: BatchReport = { landed: 0, refused: 0, injected: 0, kills: 0, acknowledged: 0, wrong: [] };
  const random = diceFrom(seed);
  const box = await DocBox.open();
  try {
    const texts = Array.from({ length: documents }, (_, i) => [`first ${i}`, 'same', 'same', `last ${i}`]);
    for (const [i, text] of texts.entries()) await box.write(nameOf(i), `${text.join('\n')}\n`);
    await box.addWorkspace();
    const versions = texts.map(() => 1);
    for (let round = 0; round < rounds; round++) {
      const chosen = texts.flatMap((_, i) => (random(3) > 0 ? [i] : []));
      if (chosen.length === 0) continue;
      const edits = chosen.map((i) => {
        const line = 1 + random(texts[i]!.length);
        return {
          i,
          line,
          path: `office/${nameOf(i)}`,
          base: versions[i]!,
          verbs: [{ set: `${line}`, text: [`round ${round}`] }],
        };
      });
      const kind = random(3);
      const victim = edits[random(edits.length)]!;
      if (kind === 1) victim.verbs = [{ set: '99', text: ['not there'] }];
      if (kind === 2) await failAt(box, victim.path);
      const input = { edits: edits.map(({ path, base, verbs }) => ({ path, base, verbs })) };
      const code = await box.call('doc.edit', input).then(
        () => 'landed',
        (error: unknown) => (isJinguError(error) ? error.code : 'injected'),
      );
      if (kind === 2) await box.store.write((tx) => tx.run('DROP TRIGGER fail_here'));
      const wanted = ['landed', 'DOC_LINE_UNKNOWN', 'STORE_FAILED'][kind];
      if (code !== wanted) report.wrong.push(`round ${round}: ${code} instead of ${wanted}`);
      if (code === 'landed') {
        report.landed++;
        for (const { i, line } of edits) {
          texts[i]![line - 1] = `round ${round}`;
          versions[i]!++;
        }
      } else if (kind === 2) report.injected++;
      else report.refused++;
      for (const i of chosen) {
        const path = `office/${nameOf(i)}`;
        const { version, lines } = await box.call<{ version: number; lines: { text: string }[] }>('doc.read', { path });
        const text = lines.map((l) => l.text).join('\n');
        if (version !== versions[i] || text !== texts[i]!.join('\n'))
          report.wrong.push(`round ${round}: ${path} v${version} after ${code}`);
      }
      if (report.wrong.length > 0) return report;
    }
    await box.room.settled();
    for (const [i, text] of texts.entries()) {
      if (readFileSync(join(box.root, nameOf(i)), 'utf8') !== `${text.join('\n')}\n`)
        report.wrong.push(`the file of ${nameOf(i)}`);
    }
    if (!(await isSound(box))) report.wrong.push('the history does not verify');
  } finally {
    await box.destroy();
  }
  return report;
}

/** The next version of this document cannot be stored. */
async function failAt(box: DocBox, path: string): Promise<void> {
  const { id } = await box.room.locate(path);
  await box.store.write((tx) => {
    tx.run(`CREATE TRIGGER fail_here BEFORE UPDATE ON doc_file WHEN NEW.id = '${id}' AND NEW.head <> OLD.head
      BEGIN SELECT RAISE(ABORT, 'injected'); END`);
  });
}

async function isSound(box: DocBox): Promise<boolean> {
  return (await box.call<{ ok: boolean }>('doc.verify', { path: 'office', full: true })).ok;
}

/** Kills a process in the middle of batches: after each kill all documents of the batch are of one and the same round. */
export async function batchKills(kills: number, documents: number, seed: number): Promise<BatchReport> {
  const report: BatchReport = { landed: 0, refused: 0, injected: 0, kills: 0, acknowledged: 0, wrong: [] };
  const random = diceFrom(seed);
  const base = mkdtempSync(join(tmpdir(), 'jingu-batch-'));
  const names = Array.from({ length: documents }, (_, i) => nameOf(i));
  try {
    const first = await DocBox.open({ base });
    for (const name of names) await first.write(name, 'round 0\nsecond\n');
    await first.addWorkspace();
    await first.close();
    for (let kill = 0; kill < kills && report.wrong.length === 0; kill++) {
      const last = await killedAfter(base, names, 1 + random(6), random(15));
      report.kills++;
      report.acknowledged += last.answers;
      const box = await DocBox.open({ base });
      await box.room.settled();
      const now = new Map<string, string[]>();
      for (const name of names) {
        const text = await box.text(`office/${name}`);
        const file = readFileSync(join(box.root, name), 'utf8');
        if (file !== `${text}\n`) report.wrong.push(`kill ${kill}: the file of ${name} is not its head`);
        now.set(text, [...(now.get(text) ?? []), name]);
      }
      const [text] = now.keys();
      if (now.size !== 1) report.wrong.push(`kill ${kill}: ${now.size} different rounds in one batch`);
      if (Number(text?.split(' ')[1]?.split('\n')[0]) < last.round)
        report.wrong.push(`kill ${kill}: round ${last.round} was answered and is lost`);
      if (!(await isSound(box))) report.wrong.push(`kill ${kill}: the history does not verify`);
      await box.close();
    }
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
  return report;
}

/** Kills the writer some milliseconds after it answered so many rounds, at whatever it is doing then. */
async function killedAfter(
  base: string,
  names: string[],
  answers: number,
  ms: number,
): Promise<{ round: number; answers: number }> {
  const child = spawn(process.execPath, [WRITER, base, ...names], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(base, 'compiled') },
  });
  let said = '';
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`the writer ended by itself: ${errors}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.split('\n').length > answers) setTimeout(resolve, ms);
    });
  });
  child.kill('SIGKILL');
  await gone;
  const rounds = said.split('\n').slice(0, -1).map(Number);
  return { round: rounds.at(-1) ?? 0, answers: rounds.length };
}
