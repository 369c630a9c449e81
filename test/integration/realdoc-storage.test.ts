import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Database, silentLogger, systemClock, type Tx } from '../../src/common/index.ts';
import { BLOB_FOLDER } from '../../src/realdoc/index.ts';
import * as rows from '../../src/realdoc/repository/index.ts';
import { Compactor } from '../../src/realdoc/storage/compactor.ts';
import { unpackChange } from '../../src/realdoc/text/codec.ts';
import { Backups, restoreBackup } from '../../src/store/index.ts';
import { DocBox } from '../support/doc-box.ts';
import { agentFor, person } from '../support/mini-door.ts';

let box: DocBox;
beforeEach(async () => {
  box = await DocBox.open({ packing: { stay: 40, least: 100 } });
});
afterEach(() => box.destroy());

const png = (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), bytes]);
const verified = async (): Promise<unknown[]> =>
  (await box.call<{ problems: unknown[] }>('doc.verify', { path: 'office', full: true })).problems;
const blobFiles = (): string[] => {
  const folder = join(box.base, 'data', 'document-blobs');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
};

describe('long leaves in files', () => {
  it('are named by what they hold, checked when they are read, and missed by verify when they are gone', async () => {
    await box.write('a.png', png(randomBytes(2_000_000)));
    await box.addWorkspace();
    const files = blobFiles();
    expect(files.length).toBeGreaterThan(3);
    expect(box.store.get<{ n: number }>('SELECT count(*) AS n FROM doc_blob')!.n).toBe(files.length);
    expect(await verified()).toEqual([]);
    expect(await box.room.blobs.sweep()).toBe(0);
    const bytes = statSync(files[0]!).size;
    writeFileSync(files[0]!, randomBytes(bytes));
    expect(await verified()).toMatchObject([{ problem: expect.stringContaining('is not what was stored') }]);
  });

  it('that no row names go after a while, young and pinned ones stay', async () => {
    await box.addWorkspace();
    const [name] = await box.room.blobs.put([randomBytes(100)]);
    const [young] = await box.room.blobs.put([randomBytes(100)]);
    box.room.blobs.release([young!]);
    const age = (path: string): void => utimesSync(path, 1000, 1000);
    for (const path of blobFiles()) if (!path.endsWith(young!)) age(path);
    writeFileSync(join(box.base, 'data', 'document-blobs', 'incoming', 'half'), 'half');
    age(join(box.base, 'data', 'document-blobs', 'incoming', 'half'));
    expect(await box.room.blobs.sweep()).toBe(1);
    expect(blobFiles().length).toBe(2);
    box.room.blobs.release([name!]);
    expect(await box.room.blobs.sweep()).toBe(1);
    expect(blobFiles().map((path) => path.slice(-64))).toEqual([young]);
  });
});

describe('leaves in terms of older ones', () => {
  it('take a fraction of the bytes, and every version reads back', async () => {
    const lines = Array.from({ length: 6000 }, (_, i) => `line ${i} ${randomBytes(20).toString('hex')}`);
    await box.write('a.txt', `${lines.join('\n')}\n`);
    await box.addWorkspace();
    const size = (): number => box.store.get<{ n: number }>('SELECT sum(length(z)) AS n FROM doc_leaf')!.n;
    const first = size();
    for (let version = 1; version < 257; version++) {
      const line = 1 + ((version * 7919) % lines.length);
      lines[line - 1] = `changed in ${version}`;
      await box.call('doc.edit', {
        path: 'office/a.txt',
        base: version,
        verbs: [{ set: `${line}`, text: [lines[line - 1]] }],
      });
    }
    await box.room.settled();
    expect(box.store.all('SELECT v FROM doc_tree ORDER BY v')).toEqual([{ v: 1 }, { v: 256 }]);
    expect(
      box.store.get<{ n: number }>('SELECT count(*) AS n FROM doc_leaf WHERE dict IS NOT NULL')!.n,
    ).toBeGreaterThan(10);
    expect(size() - first).toBeLessThan(first / 4);
    expect(await verified()).toEqual([]);
  });
});

describe('packed versions', () => {
  const PATH = 'office/a.md';
  /** Two hundred versions, two tasks and an undo among them; the texts of all. */
  async function manyVersions(): Promise<string[]> {
    const lines = Array.from({ length: 50 }, (_, i) => `line ${i}`);
    await box.write('a.md', `${lines.join('\n')}\n`);
    await box.addWorkspace();
    const texts = ['', lines.join('\n')];
    for (let version = 1; version <= 200; version++) {
      const line = 1 + ((version * 31) % lines.length);
      if (version === 133) {
        await box.call('doc.undo', { path: PATH });
        texts.push(texts.at(-2)!);
        lines.splice(0, lines.length, ...texts.at(-1)!.split('\n'));
        continue;
      }
      lines[line - 1] = `line ${line} as of ${version}`;
      const caller = version % 50 < 3 ? agentFor(`task_${Math.floor(version / 50)}`) : person();
      const verbs = [{ set: `${line}`, text: [lines[line - 1]] }];
      await box.call(
        'doc.edit',
        { path: PATH, base: version, verbs, note: `edit ${version}` },
        person(undefined, {
          taskId: caller.taskId,
        }),
      );
      texts.push(lines.join('\n'));
    }
    return texts;
  }
  const everything = async (): Promise<unknown> => {
    const file = await box.room.locate(PATH, { look: false });
    const calls = rows.opsBetween(box.store, file.id, 0, file.head).map((op) => op.call);
    return {
      ops: rows
        .opsBetween(box.store, file.id, 0, file.head)
        .map((op) => ({ ...op, splices: unpackChange(op.splices) })),
      some: rows.opsBetween(box.store, file.id, 17, 150).map((op) => op.digest),
      newest: rows.newestOps(box.store, file.id, 190, 100).map((op) => [op.version, op.prev]),
      one: rows.opAt(box.store, file.id, 133)?.source,
      splices: rows.changesBetween(box.store, file.id, 10, 180),
      calls: calls.map((call) => rows.opsOfCall(box.store, call).map((op) => op.version)),
      task: rows.opsOfTask(box.store, 'task_2').map((op) => op.version),
      at: rows.newestVersionAtTime(box.store, file.id, rows.opAt(box.store, file.id, 122)!.at) !== undefined,
    };
  };
  const pack = async (): Promise<void> => {
    const file = await box.room.locate(PATH, { look: false });
    box.room.compactor.noteVersion(file.id, 64);
    await box.room.compactor.idle();
  };
  const plain = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === 'seq' ? undefined : inner)));

  it('read as they did as rows, wherever a crash stops the packing', async () => {
    const texts = await manyVersions();
    await box.room.settled();
    await box.room.compactor.idle();
    const before = plain(await everything());
    const file = await box.room.locate(PATH, { look: false });
    await pack();
    expect(box.store.get<{ n: number }>('SELECT count(*) AS n FROM doc_op')!.n).toBeLessThan(150);
    expect(box.store.get<{ n: number }>('SELECT count(*) AS n FROM doc_pack')!.n).toBeGreaterThan(0);
    rows.forgetPacks();
    expect(plain(await everything())).toEqual(before);
    for (const v of [1, 2, 50, 132, 133, 134, 200, 201]) expect(await box.text(PATH, `v${v}`)).toBe(texts[v]);
    expect(await verified()).toEqual([]);
    // It is found, and stands under what was written since.
    await expect(box.call('doc.undo', { task: 'task_1' })).rejects.toMatchObject({ code: 'DOC_CONFLICT' });
    await box.call('doc.rollback', { path: PATH, to: 'v20' });
    expect(await box.text(PATH)).toBe(texts[20]);
    expect(rows.packedUpTo(box.store, rows.wordId(box.store, file.id)!)).toBeGreaterThan(80);
  });

  it('a packing that stopped at any step is gone on with, and reads the same at each', async () => {
    await manyVersions();
    await box.room.settled();
    await box.room.compactor.stop();
    const before = plain(await everything());
    for (let steps = 0; ; steps++) {
      // A writer that dies after so many transactions: what it did is there, the rest is not.
      let left = steps;
      const dying = {
        get: box.store.get.bind(box.store),
        all: box.store.all.bind(box.store),
        write: <T>(fn: (tx: Tx) => T): Promise<T> =>
          left-- > 0 ? box.store.write(fn) : Promise.reject(new Error('killed')),
      } as unknown as Database;
      const compactor = new Compactor({
        db: dying,
        clock: systemClock,
        log: silentLogger,
        sizes: { stay: 20, least: 60 },
      });
      compactor.start();
      await compactor.idle();
      const isDone = left > 0;
      await compactor.stop();
      rows.forgetPacks();
      expect(plain(await everything())).toEqual(before);
      if (isDone) break;
    }
    expect(box.store.get<{ n: number }>('SELECT count(*) AS n FROM doc_pack')!.n).toBeGreaterThan(0);
    expect(await verified()).toEqual([]);
    // A changed byte in a pack does not go unnoticed.
    await box.store.write((tx) => tx.run("UPDATE doc_word SET text = replace(text, 'person_lin', 'person_wu')"));
    expect(await verified()).toMatchObject([{ problem: expect.stringContaining('is damaged') }, {}, {}]);
  });
});

describe('a backup', () => {
  it('holds the files of long leaves, and a box restored from it reads them', async () => {
    const bytes = png(randomBytes(600_000));
    await box.write('scan.png', bytes);
    await box.addWorkspace();
    const backups = new Backups({
      store: box.store,
      clock: systemClock,
      version: '1',
      root: join(box.base, 'data'),
      include: [BLOB_FOLDER],
      directory: join(box.base, 'backups'),
    });
    const { path, name } = await backups.create({}, new AbortController().signal);
    expect((await backups.verify(name)).problems).toEqual([]);
    const again = join(box.base, 'again');
    await restoreBackup({ backup: path, dataDirectory: join(again, 'data'), now: Date.now() });
    const restored = await DocBox.open({ base: again, root: box.root });
    const { sha256 } = await restored.call<{ sha256: string }>('doc.replay', { path: 'office/scan.png' });
    expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    await restored.close();
  });
});
