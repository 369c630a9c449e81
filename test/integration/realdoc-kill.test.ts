import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DocBox } from '../support/doc-box.ts';

const ROUNDS = 30;
const WRITER = new URL('../support/doc-writer.ts', import.meta.url).pathname;
let base: string;

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'jingu-kill-'));
  const root = join(base, 'share');
  mkdirSync(root, { recursive: true });
  for (const n of [0, 1, 2])
    writeFileSync(join(root, `d${n}.md`), Array.from({ length: 30 }, (_, i) => `line ${i}\n`).join(''));
  const box = await DocBox.open({ base });
  await box.addWorkspace();
  await box.close();
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Runs the writer and kills it after it has answered `answers` edits, at whatever it is doing then. */
async function killAfter(answers: number, seed: number, acknowledged: string): Promise<void> {
  writeFileSync(acknowledged, '');
  const child: ChildProcess = spawn(process.execPath, [WRITER, base, acknowledged, String(seed)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Thirty starts: let them share the compiled modules.
    env: { ...process.env, NODE_COMPILE_CACHE: join(base, 'compiled') },
  });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const exit = new Promise<string | null>((resolve) => child.on('exit', (_code, signal) => resolve(signal)));
  await new Promise<void>((resolve, reject) => {
    let dots = 0;
    child.stdout?.on('data', (chunk: Buffer) => {
      dots += chunk.length;
      if (dots > answers) resolve();
    });
    child.once('exit', () => reject(new Error(`the writer ended by itself: ${errors}`)));
  });
  child.kill('SIGKILL');
  expect(await exit).toBe('SIGKILL');
}

describe('kill -9 at any moment', () => {
  it(`${ROUNDS} rounds: no acknowledged version is lost or changed, and every file is one whole version`, async () => {
    const everything = new Map<string, string>();
    for (let round = 1; round <= ROUNDS; round++) {
      const acknowledged = join(base, 'acknowledged');
      await killAfter(round % 7, round * 7919, acknowledged);
      for (const line of readFileSync(acknowledged, 'utf8').split('\n').slice(0, -1)) {
        const [path, version, digest] = line.split(' ') as [string, string, string];
        everything.set(`${path} ${version}`, digest);
      }
      // Two rounds of three the next writer recovers by itself, the third is looked at closely.
      if (round % 3 !== 0) continue;
      // On the share there is always one whole version, even before anything is redone.
      const before = new Map(
        [0, 1, 2].map((n) => [
          n,
          createHash('sha256')
            .update(readFileSync(join(base, 'share', `d${n}.md`)))
            .digest('hex'),
        ]),
      );
      const box = await DocBox.open({ base });
      await box.room.settled();
      for (const n of [0, 1, 2]) {
        const path = `office/d${n}.md`;
        const { version } = await box.call<{ version: number }>('doc.read', { path });
        const now = createHash('sha256')
          .update(readFileSync(join(base, 'share', `d${n}.md`)))
          .digest('hex');
        const digestAt = async (v: number): Promise<string> =>
          (await box.call<{ sha256: string }>('doc.replay', { path, to: `v${v}` })).sha256;
        expect(now).toBe(await digestAt(version));
        let found = false;
        for (let v = version; v >= 1 && !found; v--) found = (await digestAt(v)) === before.get(n);
        expect(found).toBe(true);
      }
      const sample = round === ROUNDS ? [...everything] : [...everything].slice(-30);
      for (const [key, digest] of sample) {
        const [path, version] = key.split(' ') as [string, string];
        const { sha256, equal } = await box.call<{ sha256: string; equal: boolean }>('doc.replay', {
          path,
          to: `v${version}`,
        });
        expect([key, sha256, equal]).toEqual([key, digest, true]);
      }
      if (round === ROUNDS) {
        const { ok, problems } = await box.call<{ ok: boolean; problems: unknown[] }>('doc.verify', {
          path: 'office',
          full: true,
        });
        expect([ok, problems]).toEqual([true, []]);
        expect(box.store.integrityProblems()).toEqual([]);
      }
      // The recovery invented nothing: nobody saved, so the first import of each document is the only one.
      const invented = "SELECT v, source FROM doc_op WHERE v > 1 AND source NOT IN ('edit', 'undo')";
      expect(box.store.all(invented)).toEqual([]);
      await box.close();
      expect(readdirSync(join(base, 'share')).filter((name) => name.includes('.rd-'))).toEqual([]);
    }
    expect(everything.size).toBeGreaterThan(ROUNDS);
  }, 240_000);
});
