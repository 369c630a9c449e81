import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { LiveBox } from '../../test/support/live-box.ts';
import { type Figure, figure, median } from './figure.ts';

const STARTS = 5;
/** After this long nothing of the start is left running. */
const IDLE_MS = 3_000;

/** Resident memory of a process in bytes, as proc(5) tells it. */
export function rssOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
}

/** Starts of a box that has been set up: from the spawn of the process to its banner, and its memory a while later. */
export async function measureStartUp(): Promise<Figure[]> {
  // The first start makes keys and tables, and fills the compile cache.
  await using box = await LiveBox.start();
  const ready: number[] = [];
  const rss: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    await box.stop();
    const from = performance.now();
    await box.start();
    ready.push(performance.now() - from);
    await pause(IDLE_MS);
    rss.push(rssOf(box.pid) / 1e6);
  }
  const about = `median of ${STARTS} starts`;
  return [
    figure({
      name: 'ready after start',
      unit: 'ms',
      value: median(ready),
      below: 1000,
      note: `${about}, without a model`,
    }),
    figure({ name: 'idle RSS of the core', unit: 'MB', value: median(rss), below: 120, note: about }),
  ];
}
