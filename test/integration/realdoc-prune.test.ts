import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, type Database, silentLogger, systemClock, type Tx } from '../../src/common/index.ts';
import * as rows from '../../src/realdoc/repository/index.ts';
import type { FileRow } from '../../src/realdoc/rows.ts';
import { Pruner } from '../../src/realdoc/storage/pruner.ts';
import { keptBy } from '../../src/realdoc/storage/retention.ts';
import { DocBox } from '../support/doc-box.ts';

const PATH = 'office/a.md';
const NOTHING_OLD = { allDays: 0, hourlyDays: 0, dailyDays: 0 };
const DAY = 24 * 3_600_000;
let box: DocBox;
/** Ages of the versions do not count as recent. */
let ahead = 0;
const clock: Clock = { ...systemClock, now: () => systemClock.now() + ahead };
beforeEach(async () => {
  ahead = 0;
  box = await DocBox.open({ clock, packing: { stay: 30, least: 50 } });
});
afterEach(() => box.destroy());

const head = (): Promise<FileRow> => box.room.locate(PATH, { look: false });
const verified = async (): Promise<unknown[]> =>
  (await box.call<{ problems: unknown[] }>('doc.verify', { path: 'office', full: true })).problems;

/** A document with so many versions; a rewrite of all of it now and then. The text of each. */
async function versions(count: number): Promise<string[]> {
  const lines = Array.from({ length: 900 }, (_, i) => `line ${i} ${randomBytes(30).toString('hex')}`);
  const text = (): string => `${lines.join('\n')}\n`;
  await box.write('a.md', text());
  await box.addWorkspace();
  const texts = ['', text()];
  for (let version = 1; version < count; version++) {
    if (version % 67 === 0) {
      for (const [i] of lines.entries()) lines[i] = `rewritten in ${version} ${randomBytes(30).toString('hex')}`;
      await box.room.settled();
      await box.write('a.md', text());
      await box.room.scan(box.room.workspace('office'));
    } else if (version % 43 === 0) {
      // Goes back to a version that mostly does not stay by itself.
      await box.call('doc.rollback', { path: PATH, to: `v${version - 30}` });
      lines.splice(0, lines.length, ...texts[version - 30]!.slice(0, -1).split('\n'));
    } else {
      const line = 1 + ((version * 31) % lines.length);
      lines[line - 1] = `line ${line} as of ${version}`;
      await box.call('doc.edit', { path: PATH, base: version, verbs: [{ set: `${line}`, text: [lines[line - 1]] }] });
    }
    texts.push(text());
  }
  await box.room.settled();
  return texts;
}

async function everyKept(texts: readonly string[], kept: Iterable<number>): Promise<void> {
  box.room.documents.forgetAll();
  for (const version of kept) {
    const file = await head();
    expect([version, box.room.documents.at(file, version).toBuffer().toString()]).toEqual([version, texts[version]]);
  }
}

describe('taking old versions away', () => {
  it('leaves every kept version as it was, names the nearest for the others, and still verifies', async () => {
    const texts = await versions(90);
    await box.call('doc.tag', { path: PATH, name: 'signed', version: 20 });
    ahead = 2 * DAY;
    const file = await head();
    const dry = await box.invoke('doc.prune', { path: 'office', policy: NOTHING_OLD }, undefined, true);
    expect(dry.plan).toMatchObject({ versions: 88, documents: [{ path: PATH, start: 20 }] });
    expect(Number((dry.plan as { bytes: number }).bytes)).toBeGreaterThan(1000);
    await everyKept(texts, [1, 7, 89]);
    await box.call('doc.prune', { path: 'office', policy: NOTHING_OLD });
    await box.room.settled();
    await everyKept(texts, [20, 90]);
    for (const version of [1, 19, 21, 89]) {
      const before = version < 20 ? null : 20;
      const after = version < 20 ? 20 : 90;
      await expect(box.text(PATH, `v${version}`)).rejects.toMatchObject({
        code: 'DOC_PRUNED',
        details: { before, after },
      });
    }
    expect(await verified()).toEqual([]);
    const log = await box.call<{ versions: { version: number; gone?: number }[]; start?: number; more: boolean }>(
      'doc.log',
      { path: PATH },
    );
    expect(log.versions.map((v) => [v.version, v.gone])).toEqual([
      [90, 69],
      [20, 19],
    ]);
    expect([log.start, log.more]).toEqual([20, false]);
    await expect(box.call('doc.undo', { path: PATH })).rejects.toMatchObject({ code: 'DOC_PRUNED' });
    const { total } = await box.call<{ total: number }>('doc.read', { path: PATH, at: 'signed' });
    expect(total).toBe(900);
    const diff = await box.call<{ from: number; to: number }>('doc.diff', { path: PATH });
    expect([diff.from, diff.to]).toEqual([20, 90]);
    // Life goes on.
    await box.call('doc.edit', { path: PATH, base: 90, verbs: [{ set: '1', text: ['new'] }] });
    await box.call('doc.undo', { path: PATH });
    await box.call('doc.rollback', { path: PATH, to: 'v20' });
    expect(await box.file('a.md')).toBe(texts[20]);
    expect(await verified()).toEqual([]);
    expect(rows.storedIn(box.store, file.workspace)).toBeGreaterThan(0);
  });

  it('goes through packs and rows, and what is interrupted at any step reads and verifies', async () => {
    const texts = await versions(190);
    box.room.compactor.noteVersion((await head()).id, 64);
    await box.room.compactor.idle();
    expect(box.store.get<{ n: number }>('SELECT count(*) AS n FROM doc_pack')!.n).toBeGreaterThan(0);
    // 173 went back to 142, which stays with it as long as it does not stand for others too.
    for (const version of [40, 41, 100, 165, 172, 173]) {
      await box.call('doc.tag', { path: PATH, name: `t${version}`, version });
    }
    ahead = 2 * DAY;
    const { compactor } = box.room;
    for (let steps = 0; ; steps++) {
      // A writer that dies after so many transactions, as a killed process would.
      let left = steps;
      const dying = {
        get: box.store.get.bind(box.store),
        all: box.store.all.bind(box.store),
        write: <T>(fn: (tx: Tx) => T): Promise<T> =>
          left-- > 0 ? box.store.write(fn) : Promise.reject(new Error('killed')),
      } as unknown as Database;
      const { documents, leaves } = box.room;
      const pruner = new Pruner({ db: dying, clock, log: silentLogger, documents, leaves, compactor });
      const plan = await pruner.plan(await head(), NOTHING_OLD);
      const end = await pruner.run(plan).then(
        () => 'done',
        () => 'killed',
      );
      documents.forgetAll();
      rows.forgetPacks();
      if (steps % 4 === 0 || end === 'done') {
        await everyKept(texts, [40, 41, 100, 142, 165, 172, 173, 190]);
        expect([steps, await verified()]).toEqual([steps, []]);
      }
      if (end === 'done') break;
    }
    const file = await head();
    const left = rows.opsBetween(box.store, file.id, 0, file.head).map((op) => op.version);
    // Each pack ends with a version that stays, and may have gone back itself.
    const packs = box.store.all<{ v: number }>('SELECT to_v AS v FROM doc_pack WHERE to_v > 40').map(({ v }) => v);
    expect(packs.length).toBeGreaterThan(0);
    const wentBack = packs.flatMap((version) => rows.samesOf(box.store, file.id).get(version) ?? []);
    const stay = new Set([40, 41, 100, 142, ...packs, ...wentBack, 165, 172, 173, 190]);
    expect(left).toEqual([...stay].sort((a, b) => a - b));
    expect(rows.samesOf(box.store, file.id).get(173)).toBe(142);
    await expect(box.text(PATH, 'v39')).rejects.toMatchObject({ code: 'DOC_PRUNED' });
    await box.call('doc.rollback', { path: PATH, to: 't100' });
    expect(await box.file('a.md')).toBe(texts[100]);
    expect(await verified()).toEqual([]);
  });

  it('gives leaves and files back an hour later, and not what is named again by then', async () => {
    const png = (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), bytes]);
    const first = png(randomBytes(900_000));
    await box.write('scan.png', first);
    await box.addWorkspace();
    await box.write('scan.png', png(randomBytes(900_000)));
    await box.room.scan(box.room.workspace('office'));
    await box.room.settled();
    const leaves = (): number => box.store.get<{ n: number }>('SELECT count(*) AS n FROM doc_leaf')!.n;
    const both = leaves();
    ahead = 2 * DAY;
    await box.call('doc.prune', { path: 'office', policy: NOTHING_OLD });
    await box.room.settled();
    expect(leaves()).toBe(both);
    await box.write('again.png', first);
    await box.room.scan(box.room.workspace('office'));
    await box.room.settled();
    ahead += 2 * 3_600_000;
    expect(await box.room.garbage.collect()).toBe(0);
    const { rm } = await import('node:fs/promises');
    await rm(`${box.root}/again.png`);
    await box.room.scan(box.room.workspace('office'));
    await box.room.settled();
    expect(await verified()).toEqual([]);
  });

  it('a pack that ends with a version that went back keeps the one that it names', async () => {
    const texts = await versions(60);
    // The pack ends with the newest but thirty.
    for (let i = 0; i < 4; i++) {
      await box.call('doc.rollback', { path: PATH, to: `v${20 + i}` });
      texts.push(texts[20 + i]!);
    }
    const back = texts.length - 1;
    for (let i = 0; i < 30; i++) {
      const file = await head();
      await box.call('doc.edit', { path: PATH, base: file.head, verbs: [{ set: '1', text: [`after ${i}`] }] });
      texts.push(texts.at(-1)!.replace(/^.*\n/, `after ${i}\n`));
    }
    box.room.compactor.noteVersion((await head()).id, 64);
    await box.room.compactor.idle();
    const ends = box.store.all<{ v: number }>('SELECT to_v AS v FROM doc_pack').map(({ v }) => v);
    expect(ends).toContain(back);
    // So that it stands for itself alone.
    await box.call('doc.tag', { path: PATH, name: 'before', version: back - 1 });
    ahead = 2 * DAY;
    await box.call('doc.prune', { path: PATH, policy: NOTHING_OLD });
    await box.room.settled();
    await everyKept(texts, [23, back, texts.length - 1]);
    expect(await verified()).toEqual([]);
  });

  it('a text that is stored while leaves are marked keeps its leaves, however the clock is moved', async () => {
    await box.addWorkspace();
    const text = (i: number): string => `${`only ${i} ${'x'.repeat(60)}\n`.repeat(400)}`;
    await box.call('doc.create', { path: PATH, text: text(1) });
    const { garbage } = box.room;
    // Its only text is gone from the rows, as after a prune, and then comes back while marks are set.
    const tree = box.store.get<{ leaves: Uint8Array }>('SELECT * FROM doc_tree')!;
    const row = box.store.get<Record<string, never>>('SELECT * FROM doc_tree')!;
    await box.store.write((tx) => tx.run('DELETE FROM doc_tree'));
    await garbage.collect();
    const marked = (): number => box.store.get<{ n: number }>('SELECT count(*) AS n FROM doc_leaf_free')!.n;
    expect(marked()).toBeGreaterThan(0);
    const names = Object.keys(row);
    await box.store.write((tx) =>
      tx.run(`INSERT INTO doc_tree (${names.join()}) VALUES (${names.map(() => '?').join()})`, ...Object.values(row)),
    );
    expect(tree.leaves.length).toBeGreaterThan(0);
    ahead = 2 * 3_600_000;
    expect(await garbage.collect()).toBe(0);
    expect(marked()).toBe(0);
    box.room.documents.forgetAll();
    expect(await verified()).toEqual([]);
  });

  it('keeps what a policy says, whenever it is asked', () => {
    const now = 1000 * DAY;
    fc.assert(
      fc.property(fc.array(fc.nat(500 * DAY), { minLength: 1, maxLength: 200 }), fc.nat(DAY), (ages, later) => {
        const list = ages.sort((a, b) => b - a).map((age, i) => ({ version: i + 1, at: now - age }));
        const policy = { allDays: 7, hourlyDays: 30, dailyDays: 365 };
        const kept = keptBy(policy, list, now);
        expect(kept.has(list.length)).toBe(true);
        for (const { version, at } of list) if (now - at <= 7 * DAY) expect(kept.has(version)).toBe(true);
        // What goes today was not kept yesterday for being the last of its hour or day.
        const keptLater = keptBy(
          policy,
          list.filter(({ version }) => kept.has(version)),
          now + later,
        );
        for (const version of keptLater) expect(kept.has(version)).toBe(true);
      }),
    );
  });
});

describe('a limit on history', () => {
  it('refuses what would grow it, loses nothing, and lets go on when there is room again', async () => {
    const small = await DocBox.open({ historyBytes: { all: 0, each: 60_000 } });
    await small.addWorkspace();
    await small.call('doc.create', { path: PATH, text: 'one\n' });
    await expect(small.call('doc.create', { path: 'office/b.md', text: 'x'.repeat(70_000) })).rejects.toMatchObject({
      code: 'DOC_QUOTA',
      details: { scope: 'office', limit: 60_000 },
    });
    const saved = randomBytes(80_000);
    await small.write('scan.bin', saved);
    await small.room.scan(small.room.workspace('office'));
    await small.room.settled();
    expect(rows.fileAt(small.store, small.room.workspace('office').id, 'scan.bin')).toBeUndefined();
    await small.call('doc.edit', { path: PATH, base: 1, verbs: [{ set: '1', text: ['two'] }] });
    await small.close();
    const larger = await DocBox.open({ base: small.base, historyBytes: { all: 1_000_000, each: 0 } });
    await larger.room.settled();
    const { equal } = await larger.call<{ equal: boolean }>('doc.replay', { path: 'office/scan.bin' });
    expect(equal).toBe(true);
    await larger.destroy();
  });
});

describe('an interruption', () => {
  it('is gone on with at the next start, as it was asked for, and the database gives its space back', async () => {
    const texts = await versions(200);
    ahead = 2 * DAY;
    const plan = await box.room.pruner.plan(await head(), { allDays: 1, hourlyDays: 1, dailyDays: 1 });
    const size = (): { pages: number } =>
      box.store.get<{ pages: number }>('SELECT page_count AS pages FROM pragma_page_count()')!;
    // Asked for, and then the machine went away: what is on record is all that there is of it.
    await box.store.write((tx) => rows.beginPrune(tx, plan.file.id, JSON.stringify(plan.retention), plan.at));
    await box.close();
    ahead = 30 * DAY;
    const base = box.base;
    box = await DocBox.open({ base, clock, packing: { stay: 30, least: 50 } });
    await box.room.settled();
    expect(rows.openPrunes(box.store)).toEqual([]);
    expect(rows.isThinned(box.store, plan.file.id)).toBe(true);
    await everyKept(texts, plan.kept);
    expect(await verified()).toEqual([]);
    await box.store.write((tx) => {
      tx.run('CREATE TABLE filler (z BLOB)');
      for (let i = 0; i < 3000; i++) tx.run('INSERT INTO filler VALUES (zeroblob(4000))');
    });
    await box.store.write((tx) => tx.run('DROP TABLE filler'));
    const before = size().pages;
    await box.room.garbage.collect();
    expect(before - size().pages).toBeGreaterThan(2500);
    expect(box.store.integrityProblems()).toEqual([]);
    expect(await verified()).toEqual([]);
  });
});
