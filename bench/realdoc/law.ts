import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diffBytes } from '../../src/realdoc/text/diff.ts';
import { type Figure, figure, unavailable } from '../support/figure.ts';
import { BenchBox } from './bench-box.ts';
import { appendMany, documentBytes, fileAt, packed } from './many-versions.ts';
import type { Sizes } from './sizes.ts';
import { lawVersions } from './texts.ts';

const MB = 1_000_000;
const NAME = 'the law in all its versions, as edits, with indexes';

/** Every version of a law as an edit of the one before: how much is stored, and whether each comes back byte for byte. */
export async function measureLaw({ quick }: Sizes): Promise<Figure[]> {
  const texts: Buffer[] = [];
  for await (const text of lawVersions()) {
    texts.push(text);
    if (quick && texts.length === 12) break;
  }
  const first = texts[0];
  if (!first) return [unavailable({ name: NAME, unit: 'MB', below: 3, note: 'the versions are not there' })];
  await using box = await BenchBox.start();
  await box.parts.realdoc.projector.stop();
  const path = 'office/law.md';
  const before = documentBytes(box).doc;
  writeFileSync(join(box.share, 'law.md'), first);
  await box.call('doc.read', { path, from: 1, to: 1 });
  const from = performance.now();
  const next = texts.slice(1);
  await appendMany(
    box,
    path,
    next.length,
    (tree, i) => ({ change: diffBytes(tree.toBuffer(), next[i]!), args: { text: digest(next[i]!) } }),
    16,
  );
  const took = (performance.now() - from) / 1000;
  await packed(box);
  const stored = documentBytes(box).doc - before;
  const { documents } = box.parts.realdoc;
  documents.forgetAll();
  const file = await fileAt(box, path);
  let exact = 0;
  for (const [i, text] of texts.entries()) {
    if (digest(documents.at(file, i + 1).toBuffer()) === digest(text)) exact++;
  }
  if (exact !== texts.length) throw new Error(`${texts.length - exact} versions are not what they were`);
  const git = await gitBytes(join(box.base, 'law-git'), texts);
  return [
    figure({
      name: NAME,
      unit: 'MB',
      value: stored / MB,
      below: 3,
      beside: { what: `git after gc (${git.seconds.toFixed(0)} s)`, value: git.bytes / MB },
      note: `${texts.length} versions, ${Math.round(texts.reduce((sum, t) => sum + t.length, 0) / MB)} MB of texts, all byte-exact, in ${took.toFixed(0)} s`,
    }),
  ];
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The same versions as commits, packed as git packs them by itself. */
async function gitBytes(folder: string, texts: readonly Buffer[]): Promise<{ bytes: number; seconds: number }> {
  mkdirSync(folder);
  const from = performance.now();
  spawnSync('git', ['init', '-q', '--bare', folder]);
  const child = spawn('git', ['-C', folder, 'fast-import', '--quiet'], { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  for (const [i, text] of texts.entries()) {
    child.stdin.write(`commit refs/heads/main\ncommitter bench <bench@localhost> ${1_700_000_000 + i} +0000\n`);
    child.stdin.write(`data 4\neditM 644 inline law.md\ndata ${text.length}\n`.replace('editM', 'edit\nM'));
    if (!child.stdin.write(Buffer.concat([text, Buffer.from('\n')]))) {
      await new Promise((resolve) => child.stdin.once('drain', resolve));
    }
  }
  child.stdin.end();
  await ended;
  spawnSync('git', ['-C', folder, 'gc', '--quiet'], { stdio: 'ignore' });
  return { bytes: folderBytes(folder), seconds: (performance.now() - from) / 1000 };
}

function folderBytes(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? folderBytes(path) : statSync(path).size);
  }, 0);
}
