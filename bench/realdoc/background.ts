import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tx } from '../../src/common/index.ts';
import { type Figure, figure, percentile } from '../support/figure.ts';
import { BenchBox } from './bench-box.ts';
import { lineEdit } from './history.ts';
import { appendMany } from './many-versions.ts';
import type { Sizes } from './sizes.ts';
import { longText } from './texts.ts';

/**
 * How long others wait while the box works on a long text by itself: what each transaction of that work takes inside
 * the writer, and what a small commit of somebody else takes meanwhile, beside one in quiet.
 */
export async function measureBackground({ large, quick }: Sizes): Promise<Figure[]> {
  const text = await longText(large);
  await using box = await BenchBox.start();
  const { store } = box.parts;
  await store.write((tx) => tx.run('CREATE TABLE bench_row (text TEXT) STRICT'));
  const small = (): Promise<unknown> =>
    store.write((tx) => tx.run('INSERT INTO bench_row VALUES (?)', 'x'.repeat(200)));
  const holds: number[] = [];
  const write = store.write.bind(store);
  const timed = <T>(fn: (tx: Tx) => T): Promise<T> =>
    write((tx) => {
      const from = performance.now();
      const value = fn(tx);
      holds.push(performance.now() - from);
      return value;
    });
  const waits = async (work: () => Promise<unknown>): Promise<number[]> => {
    const times: number[] = [];
    const over = work().then(() => true);
    for (let isOver = false; !isOver; isOver = await Promise.race([over, pause()])) {
      const from = performance.now();
      await small();
      times.push(performance.now() - from);
    }
    return times;
  };
  const quiet: number[] = [];
  for (let i = 0; i < 300; i++) {
    const from = performance.now();
    await small();
    quiet.push(performance.now() - from);
  }
  const path = 'office/long.md';
  writeFileSync(join(box.share, 'long.md'), text.bytes);
  store.write = timed;
  const ingest = await waits(() => box.call('doc.read', { path, from: 1, to: 1 }));
  const ingestHolds = holds.splice(0);
  const later = await waits(async () => {
    await appendMany(
      box,
      path,
      quick ? 300 : 2_000,
      (tree, i) => lineEdit(tree, 1 + ((i * 7919) % (tree.lines - 1)), i),
      16,
    );
    await box.parts.realdoc.settled();
  });
  store.write = write;
  const line = (name: string, times: readonly number[], of: readonly number[]): Figure =>
    figure({
      name: `the writer is held by ${name}, p99`,
      unit: 'ms',
      value: percentile(of, 0.99),
      below: 10,
      note: `longest ${Math.max(...of).toFixed(1)}; a small commit meanwhile p50 ${percentile(times, 0.5).toFixed(1)}, p99 ${percentile(times, 0.99).toFixed(1)}, in quiet ${percentile(quiet, 0.5).toFixed(1)} and ${percentile(quiet, 0.99).toFixed(1)}`,
    });
  return [line('ingest', ingest, ingestHolds), line('edits, stored trees and the file', later, holds)];
}

function pause(): Promise<false> {
  return new Promise((resolve) => setImmediate(() => resolve(false)));
}
