import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { diffLines } from '../../src/realdoc/text/diff.ts';
import { type Figure, figure, median } from '../support/figure.ts';
import type { Sizes } from './sizes.ts';
import { lawVersions, longText } from './texts.ts';

/** Nobody waits longer for a diff. */
const PATIENCE_MS = 60_000;

/** The own diff of two long texts beside `git diff`, `diff` and node-diff3. */
export async function measureDiffs({ quick }: Sizes): Promise<Figure[]> {
  const [a, b, what] = await twoTexts(quick);
  const own: number[] = [];
  let hunks = 0;
  for (let i = 0; i < (quick ? 1 : 7); i++) {
    const from = performance.now();
    hunks = diffLines(a, b).hunks.length;
    own.push(performance.now() - from);
  }
  const folder = mkdtempSync(join(tmpdir(), 'jingu-diff-'));
  try {
    const files = [a, b].map((text, i) => {
      const path = join(folder, `${i}.txt`);
      writeFileSync(path, text);
      return path;
    });
    const program = (command: string, ...args: string[]): string => {
      const from = performance.now();
      const done = spawnSync(command, [...args, ...files], { timeout: PATIENCE_MS, stdio: 'ignore' });
      const took = `${Math.round(performance.now() - from)} ms`;
      return done.error ? ('code' in done.error && done.error.code === 'ENOENT' ? 'not there' : `over ${took}`) : took;
    };
    const git = program('git', 'diff', '--no-index', '--quiet', '--no-ext-diff');
    const diff = program('diff', '-q', '--speed-large-files');
    const plain = quick ? 'not run' : program('diff');
    const diff3 = await nodeDiff3(files, quick ? 5_000 : PATIENCE_MS);
    return [
      figure({
        name: 'own diff of two long texts',
        unit: 'ms',
        value: median(own),
        below: 1000,
        note: `${what}, ${hunks} hunks; git diff ${git}, diff ${plain} (only whether they differ: ${diff}), node-diff3 ${diff3}`,
      }),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Two versions of the law that lie far apart; synthetic texts when the data is absent. */
async function twoTexts(quick: boolean): Promise<[Buffer, Buffer, string]> {
  const versions: Buffer[] = [];
  if (!quick) for await (const text of lawVersions()) versions.push(text);
  const [from, to] = [versions.at(-200), versions.at(-1)];
  if (from && to) {
    const lines = [from, to].map((text) => text.toString('latin1').split('\n').length);
    return [from, to, `the law 199 versions apart, ${lines[0]} and ${lines[1]} lines`];
  }
  const { bytes } = await longText(quick ? 100_000 : 1_000_000);
  const lines = bytes.toString().split('\n');
  const other = lines.filter((_, i) => i % 7 !== 0).map((line, i) => (i % 11 === 0 ? `${line} changed` : line));
  return [bytes, Buffer.from(other.join('\n')), `synthetic texts of ${lines.length} lines`];
}

/** In a thread that can be ended: on some texts it does not come to an end. */
function nodeDiff3(files: readonly string[], patience: number): Promise<string> {
  const worker = new Worker(new URL('node-diff3-worker.ts', import.meta.url), { workerData: files });
  const from = performance.now();
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(`over ${patience / 1000} s`);
      void worker.terminate();
    }, patience);
    worker.once('message', () => {
      clearTimeout(timer);
      resolve(`${Math.round(performance.now() - from)} ms`);
    });
  });
}
