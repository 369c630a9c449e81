import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Figure, figure } from '../support/figure.ts';
import { BenchBox } from './bench-box.ts';
import type { Sizes } from './sizes.ts';

const WRITE_TEXT = new URL('write-text.ts', import.meta.url).pathname;
const MB = 1_000_000;
const DOCUMENTS = 50;
const EDITS = 20;

/** Resident memory that open documents add to the box, at rest and at its highest. */
export async function measureMemory(sizes: Sizes): Promise<Figure[]> {
  return [...(await one(sizes)), ...(await many(sizes))];
}

async function one({ large }: Sizes): Promise<Figure[]> {
  await using box = await BenchBox.start();
  const before = await settledRss();
  const size = put(box, 'long.md', large);
  forgetPeak();
  await work(box, 'office/long.md');
  const [peak, rest] = [peakRss(), await settledRss()];
  const about = `${EDITS} edits, file written; at the highest ${Math.round((peak - before) / MB)} MB`;
  return [
    figure({
      name: 'RSS growth with one long document open, for each byte of it',
      unit: 'times',
      value: Math.max(0, rest - before) / size,
      below: 3,
      note: `${Math.round(size / MB)} MB; taken in, ${about}`,
    }),
    figure({
      name: 'the same at its highest',
      unit: 'times',
      value: Math.max(0, peak - before) / size,
      below: 3,
    }),
  ];
}

async function many({ quick }: Sizes): Promise<Figure[]> {
  await using box = await BenchBox.start();
  const names = Array.from({ length: DOCUMENTS }, (_, i) => `text-${i}.md`);
  const before = await settledRss();
  put(box, names[0]!, quick ? 20_000 : MB);
  for (const name of names.slice(1)) {
    const text = readFileSync(join(box.share, names[0]!), 'utf8');
    writeFileSync(join(box.share, name), text.replaceAll('agreement', name));
  }
  forgetPeak();
  for (const name of names) await work(box, `office/${name}`);
  const peak = peakRss();
  return [
    figure({
      name: `RSS growth with ${DOCUMENTS} documents of 1 MB open`,
      unit: 'MB',
      value: Math.max(0, (await settledRss()) - before) / MB,
      below: 200,
      note: `${EDITS} edits each; at the highest ${Math.round((peak - before) / MB)} MB`,
    }),
  ];
}

function put(box: BenchBox, name: string, bytes: number): number {
  const path = join(box.share, name);
  const done = spawnSync(process.execPath, [WRITE_TEXT, path, String(bytes)], { stdio: 'inherit' });
  if (done.status !== 0) throw new Error('the text could not be written');
  return statSync(path).size;
}

async function work(box: BenchBox, path: string): Promise<void> {
  let { version, total } = await box.call<{ version: number; total: number }>('doc.read', { path, from: 1, to: 1 });
  for (let i = 0; i < EDITS; i++) {
    const verbs = [{ set: String(1 + ((i * 7919) % total)), text: [`changed in round ${i}`] }];
    ({ version } = await box.call<{ version: number }>('doc.edit', { path, base: version, verbs }));
  }
  await box.onShare(path, version);
}

async function settledRss(): Promise<number> {
  // Displaced files are watched for two seconds.
  await pause(2_500);
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  globalThis.gc?.();
  return statusOf('VmRSS');
}

/** The highest resident size since `forgetPeak`. */
function peakRss(): number {
  return statusOf('VmHWM');
}

function forgetPeak(): void {
  writeFileSync('/proc/self/clear_refs', '5');
}

function statusOf(name: string): number {
  const line = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(line![1]) * 1024;
}
