import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Figure, figure, median, percentile } from '../support/figure.ts';
import { BenchBox } from './bench-box.ts';
import { BareCommit, GitFloor, safeReplace } from './floors.ts';
import type { Sizes } from './sizes.ts';
import { longText } from './texts.ts';

const MB = 1_000_000;
/** How often edits and git take turns. */
const TURNS = 5;

/** Durable one-line edits of a long text through the door, beside a bare commit, git and a replace of the file. */
export async function measureEdits({ large, rounds }: Sizes): Promise<Figure[]> {
  const text = await longText(large);
  await using box = await BenchBox.start();
  const floor = new BareCommit(box.base);
  const path = 'office/long.md';
  writeFileSync(join(box.share, 'long.md'), text.bytes);
  const about = `${Math.round(text.bytes.length / MB)} MB of ${text.what}`;

  const took = async (work: () => Promise<unknown>): Promise<number> => {
    const from = performance.now();
    await work();
    return performance.now() - from;
  };
  const read = (): Promise<{ version: number; total: number }> => box.call('doc.read', { path, from: 1, to: 1 });
  const ingest = await took(read);
  let { version, total } = await read();
  const edit = async (i: number): Promise<void> => {
    const verbs = [{ set: String(1 + ((i * 7919 * 31) % (total - 1))), text: [`changed in round ${i}`] }];
    ({ version } = await box.call<{ version: number }>('doc.edit', { path, base: version, verbs }));
  };
  box.parts.realdoc.documents.forgetAll();
  const open = await took(() => edit(0));
  const edits: number[] = [];
  const commits: number[] = [];
  const git = new GitFloor(box.base);
  const commit: number[] = [];
  const ratios: number[] = [];
  // A box runs for months: V8 has compiled what an edit runs by then.
  const warm = Math.min(300, rounds);
  for (let i = 0; i < warm; i++) await edit(i + 1);
  // Edits and git by turns: a machine that others slow down for some seconds slows down both. Each turn begins with the
  // file on the share, and with nothing of the one before left for the disk to write.
  await box.onShare(path, version);
  for (let turn = 0; turn < TURNS; turn++) {
    const own: number[] = [];
    for (let i = turn; i < rounds; i += TURNS) own.push(await took(() => edit(warm + 1 + i)));
    for (let i = turn; i < rounds; i += TURNS) commits.push(floor.measure());
    edits.push(...own);
    await box.onShare(path, version);
    text.bytes.set(Buffer.from(`git ${turn}`), 10_000);
    const gitTook = git.commit(text.bytes);
    commit.push(gitTook);
    ratios.push(gitTook / median(own));
  }
  floor.close();
  git.close();
  const replace = [1, 2, 3].map(() => safeReplace(join(box.base, 'replace.md'), text.bytes));
  const size = `${Math.round(large / MB)} MB`;
  return [
    figure({
      name: `durable edit through the door, ${size}, p50`,
      unit: 'ms',
      value: median(edits),
      below: 2,
      beside: { what: 'bare SQLite FULL commit', value: median(commits) },
      note: `${rounds} in turn after ${warm} more, ${about}`,
    }),
    figure({
      name: `durable edit through the door, ${size}, p99`,
      unit: 'ms',
      value: percentile(edits, 0.99),
      below: 30,
      beside: { what: 'bare SQLite FULL commit', value: percentile(commits, 0.99) },
    }),
    figure({
      name: `git add and commit against an edit, ${size}`,
      unit: 'times',
      value: median(ratios),
      above: 1000,
      note: `median of ${TURNS} turns; git ${Math.round(median(commit))} ms (core.fsync=all), safe replace of the file ${Math.round(median(replace))} ms`,
    }),
    figure({ name: `ingest, ${size}`, unit: 'ms', value: ingest, below: 5000, note: about }),
    figure({ name: `open to first edit, ${size}`, unit: 'ms', value: open, below: 1000 }),
  ];
}
