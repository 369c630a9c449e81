import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Change } from '../../src/realdoc/text/splice.ts';
import type { TextTree } from '../../src/realdoc/text/tree.ts';
import { type Figure, figure, median, percentile } from '../support/figure.ts';
import { BenchBox } from './bench-box.ts';
import { appendMany, documentBytes, fileAt, packed } from './many-versions.ts';
import type { Sizes } from './sizes.ts';
import { longText } from './texts.ts';

const MB = 1_000_000;
/** Edits of one sitting lie within so many lines. */
const SITTING = 100;

type Where = 'clustered' | 'uniform';

/** A long history of a long text: how it grows, how fast any version of it is read, and how fast one comes back. */
export async function measureHistory(sizes: Sizes): Promise<Figure[]> {
  return [...(await measure(sizes, 'clustered')), ...(await measure(sizes, 'uniform'))];
}

async function measure({ large, rounds, versions }: Sizes, where: Where): Promise<Figure[]> {
  const text = await longText(large);
  await using box = await BenchBox.start();
  const path = 'office/long.md';
  writeFileSync(join(box.share, 'long.md'), text.bytes);
  await box.call('doc.read', { path, from: 1, to: 1 });
  // The file is not what is measured here, and writing 100 MB every few seconds would be most of the time.
  await box.parts.realdoc.projector.stop();
  const before = documentBytes(box);
  const random = randomNumbers(7);
  const wanted = lineChooser(where, random);
  const from = performance.now();
  await appendMany(box, path, versions, (tree, i) => lineEdit(tree, wanted(tree.lines), i));
  const took = performance.now() - from;
  await packed(box);
  const grown = documentBytes(box).doc - before.doc;

  const file = await fileAt(box, path);
  const total = box.parts.realdoc.documents.at(file, file.head).lines;
  box.parts.realdoc.documents.forgetAll();
  const reads: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const version = 1 + Math.floor(random() * file.head);
    const line = 1 + Math.floor(random() * (total - 250));
    const began = performance.now();
    await box.call('doc.read', { path, at: `v${version}`, from: line, to: line + 199 });
    reads.push(performance.now() - began);
  }
  const backs: number[] = [];
  for (let i = 0; i < Math.max(3, rounds / 40); i++) {
    const to = `v${1 + Math.floor(random() * file.head)}`;
    const began = performance.now();
    await box.call('doc.rollback', { path, to });
    backs.push(performance.now() - began);
  }
  const about = `${versions} ${where} versions of ${Math.round(text.bytes.length / MB)} MB`;
  return [
    figure({
      name: `growth, ${about}`,
      unit: 'MB',
      value: grown / MB,
      below: where === 'clustered' ? 50 : 200,
      note: `${Math.round(grown / versions)} bytes a version with indexes; made in ${(took / 1000).toFixed(0)} s, 256 a commit`,
    }),
    figure({ name: `200 lines of any of ${about}, p50`, unit: 'ms', value: median(reads), below: 5 }),
    figure({ name: `200 lines of any of ${about}, p99`, unit: 'ms', value: percentile(reads, 0.99), below: 100 }),
    figure({
      name: `rollback to any of ${about}, median`,
      unit: 'ms',
      value: median(backs),
      below: 50,
      note: `worst of ${backs.length}: ${Math.max(...backs).toFixed(0)} ms`,
    }),
  ];
}

/** One line gets other words. */
export function lineEdit(tree: TextTree, line: number, i: number): { change: Change; args: unknown } {
  const at = tree.offsetOfLine(line);
  const del = tree.slice(at, tree.offsetOfLine(line + 1));
  const text = `edit ${i} of this line, as somebody who works here would make it`;
  return {
    change: [{ at, del, ins: Buffer.from(`${text}\n`) }],
    args: { verbs: [{ set: String(line), text: [text] }] },
  };
}

/** Uniform: any line. Clustered: a sitting of a hundred edits near one place, then another place. */
function lineChooser(where: Where, random: () => number): (total: number) => number {
  let place = 1;
  let left = 0;
  return (total) => {
    if (where === 'uniform') return 1 + Math.floor(random() * (total - 1));
    if (left-- === 0) {
      left = SITTING - 1;
      place = 1 + Math.floor(random() * Math.max(1, total - SITTING - 1));
    }
    return Math.min(total - 1, place + Math.floor(random() * SITTING));
  };
}

/** Numbers from 0 up to 1, the same ones in each run (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
