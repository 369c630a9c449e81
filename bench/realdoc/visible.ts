import { lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Figure, figure, median, percentile } from '../support/figure.ts';
import { BenchBox } from './bench-box.ts';
import { safeReplace } from './floors.ts';
import type { Sizes } from './sizes.ts';
import { longText } from './texts.ts';

/** From the call of an edit until the file on the share holds it, beside a bare safe replace of the same file. */
export async function measureVisible({ rounds, quick }: Sizes): Promise<Figure[]> {
  await using box = await BenchBox.start();
  const text = await longText(quick ? 50_000 : 1_000_000);
  const file = join(box.share, 'text.md');
  writeFileSync(file, text.bytes);
  const path = 'office/text.md';
  let { version, total } = await box.call<{ version: number; total: number }>('doc.read', { path, from: 1, to: 1 });
  const visible: number[] = [];
  const floor: number[] = [];
  for (let i = 0; i < Math.max(3, rounds / 10); i++) {
    const verbs = [{ set: String(1 + ((i * 7919) % total)), text: [`changed in round ${i}`] }];
    const from = performance.now();
    // Another file stands there once it is written. Asking the box for it in a loop would be most of its work.
    const before = lstatSync(file).ino;
    ({ version } = await box.call<{ version: number }>('doc.edit', { path, base: version, verbs }));
    while (lstatSync(file).ino === before) await pause(1);
    visible.push(performance.now() - from);
    if (!readFileSync(file).includes(`changed in round ${i}\n`)) throw new Error('the file is not what it should be');
    // A text that is edited while it is written rests nine times as long as that took: the next edit begins in quiet.
    await box.onShare(path, version);
    await box.parts.realdoc.projector.idle();
    floor.push(safeReplace(join(box.base, 'floor.md'), text.bytes));
  }
  return [
    figure({
      name: 'edit of 1 MB until the file on the share holds it, p50',
      unit: 'ms',
      value: median(visible),
      below: 20,
      beside: { what: 'bare safe replace', value: median(floor) },
      note: `p99 ${percentile(visible, 0.99).toFixed(1)}`,
    }),
  ];
}
