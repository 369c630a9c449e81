import { open, readdir, readFile, truncate, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Database, Tx } from '../../src/common/index.ts';
import { Folder } from '../../src/realdoc/projection/folder.ts';
import { loadKernel } from '../../src/realdoc/projection/kernel.ts';
import { Proposals } from '../../src/realdoc/projection/proposals.ts';
import type { OpenFile } from '../../src/realdoc/projection/share-facts.ts';
import { sideOf } from '../../src/realdoc/repository/index.ts';
import { DocBox, type DocBoxOptions } from '../support/doc-box.ts';

/** Neither text nor an Office file that can be taken apart: what matters here is that it is no text. */
const OLD = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.from('one'.repeat(50))]);
const NEW = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.from('two'.repeat(60))]);
const NAME = 'Quarterly report.doc';
let box: DocBox;
let openFiles: OpenFile[] = [];
const at = (rel: string): string => join(box.root, rel);
const scan = async (): Promise<void> => {
  await box.room.scan(box.room.workspace('office'));
  await box.room.settled();
};
const status = async (): Promise<{ state: string; reason?: string }> => {
  const path = `office/${NAME}`;
  const { documents } = await box.call<{ documents: { state: string; reason?: string }[] }>('doc.status', { path });
  return documents[0]!;
};

/** A document of two versions; taking the second back is what has to reach the file. */
async function start(options: DocBoxOptions = {}): Promise<void> {
  openFiles = [];
  box = await DocBox.open({ ...options, shareFacts: { openFiles: () => Promise.resolve(openFiles) } });
  await writeFile(at(NAME), OLD);
  await box.addWorkspace();
  await writeFile(at(NAME), NEW);
  await scan();
}
const takeBack = async (): Promise<void> => {
  await box.call('doc.rollback', { path: `office/${NAME}`, to: 'v1' });
  await box.room.settled();
};
afterEach(() => box.destroy());

describe('a file that somebody has open', () => {
  it('waits, says who has it, and is written once it is closed', async () => {
    await start();
    await writeFile(at(`.~lock.${NAME}#`), ',lin,notebook,21.11.2026 09:15,file:///home/lin/.config;');
    await takeBack();
    expect(await readFile(at(NAME))).toEqual(NEW);
    expect(await status()).toMatchObject({ state: 'held', reason: 'open elsewhere (lin (notebook))' });
    await unlink(at(`.~lock.${NAME}#`));
    await scan();
    expect(await readFile(at(NAME))).toEqual(OLD);
    expect((await status()).state).toBe('written');
  });

  it('waits for a client of the share, and for a program here that has it open for writing', async () => {
    await start();
    openFiles = [{ path: at(NAME), who: 'lin (10.0.0.7)' }];
    await takeBack();
    expect(await status()).toMatchObject({ state: 'held', reason: 'open elsewhere (lin (10.0.0.7))' });
    openFiles = [];
    const handle = await open(at(NAME), 'r+');
    await scan();
    expect(await status()).toMatchObject({ state: 'held', reason: 'open elsewhere (a program on this machine)' });
    await handle.close();
    await scan();
    expect(await readFile(at(NAME))).toEqual(OLD);
  });

  it('an owner file of yesterday that nobody stands behind holds nothing', async () => {
    await start();
    const twoDays = Date.now() / 1000 - 2 * 24 * 3600;
    await writeFile(at(`~$${NAME.slice(2)}`), Buffer.alloc(162));
    await utimes(at(`~$${NAME.slice(2)}`), twoDays, twoDays);
    openFiles = [{ path: at(NAME), who: '' }];
    await takeBack();
    expect((await status()).state).toBe('held');
    openFiles = [];
    await scan();
    expect(await readFile(at(NAME))).toEqual(OLD);
  });

  it('in mode side the new text lies beside it as a proposal, which goes when the file is written', async () => {
    await start();
    await box.call('workspace.set', { name: 'office', whenOpen: 'side' });
    await writeFile(at(`.~lock.${NAME}#`), '');
    await takeBack();
    const proposal = 'Quarterly report (Jingu proposal).doc';
    expect(await readFile(at(proposal))).toEqual(OLD);
    expect((await status()).reason).toBe(`open elsewhere (.~lock.${NAME}#); the new text is in "${proposal}"`);
    await scan();
    const { documents } = await box.call<{ documents: unknown[] }>('doc.list', { workspace: 'office' });
    expect(documents.length).toBe(1);
    await unlink(at(`.~lock.${NAME}#`));
    await scan();
    expect(await readdir(box.root)).toEqual([NAME]);
    expect(await readFile(at(NAME))).toEqual(OLD);
  });

  it('a proposal that a person changed becomes a document of its own', async () => {
    await start();
    await box.call('workspace.set', { name: 'office', whenOpen: 'side' });
    await writeFile(at(`.~lock.${NAME}#`), '');
    await takeBack();
    const proposal = 'Quarterly report (Jingu proposal).doc';
    await writeFile(at(proposal), 'my own\n');
    await unlink(at(`.~lock.${NAME}#`));
    await scan();
    await scan();
    expect(await box.text(`office/${proposal}`)).toBe('my own');
    expect(await readFile(at(NAME))).toEqual(OLD);
  });

  it('a proposal that cannot be written leaves nothing behind, and is there once it can be', async () => {
    const kernel = (await loadKernel())!;
    let isBroken = true;
    const failing = (path: string): Map<string, Buffer> => {
      if (isBroken && path.includes('.rd-')) throw Object.assign(new Error('EIO'), { code: 'EIO' });
      return kernel.attributes(path);
    };
    await start({ kernel: () => Promise.resolve({ ...kernel, attributes: failing }) });
    await box.call('workspace.set', { name: 'office', whenOpen: 'side' });
    await writeFile(at(`.~lock.${NAME}#`), '');
    await takeBack();
    expect(await status()).toMatchObject({ state: 'failed', reason: 'the disk reported an error' });
    expect((await readdir(box.root)).sort()).toEqual([`.~lock.${NAME}#`, NAME]);
    isBroken = false;
    await scan();
    expect(await readFile(at('Quarterly report (Jingu proposal).doc'))).toEqual(OLD);
  });

  it('a proposal that a kill left half renewed is renewed under its name, and none counts as gone before that is durable', async () => {
    await start();
    const file = await box.room.locate(`office/${NAME}`);
    const proposal = 'Quarterly report (Jingu proposal).doc';
    const put = (db: Database, text: string, head: number) =>
      new Proposals(db).put({ ...file, head }, [Buffer.from(text)], undefined);
    await put(box.store, 'first', 2);
    const write = async (work: (tx: Tx) => unknown): Promise<never> => {
      await box.store.write(work);
      throw new Error('killed');
    };
    await expect(
      put({ write, get: box.store.get.bind(box.store) } as unknown as Database, 'second', 3),
    ).rejects.toThrow('killed');
    expect(await put(box.store, 'second', 3)).toBe(proposal);
    expect((await readdir(box.root)).sort()).toEqual([proposal, NAME]);
    expect(await readFile(at(proposal), 'utf8')).toBe('second');
    const sync = vi.spyOn(Folder.prototype, 'sync').mockRejectedValueOnce(new Error('EIO'));
    await expect(put(box.store, 'second', 3)).rejects.toThrow('EIO');
    for (let i = 0; i < 2; i++) {
      sync.mockRejectedValueOnce(new Error('EIO'));
      await expect(new Proposals(box.store).drop(file)).rejects.toThrow('EIO');
    }
    expect(await readdir(box.root)).toEqual([NAME]);
    expect(sideOf(box.store, file.id)).toMatchObject({ name: proposal });
    await new Proposals(box.store).drop(file);
    expect(sideOf(box.store, file.id)).toBeUndefined();
  });

  it('a giant that a person put in place of a proposal is never held in memory', async () => {
    await start();
    await box.call('workspace.set', { name: 'office', whenOpen: 'side' });
    await writeFile(at(`.~lock.${NAME}#`), '');
    await takeBack();
    const proposal = at('Quarterly report (Jingu proposal).doc');
    const giant = 200 * 1024 * 1024;
    await truncate(proposal, giant);
    await unlink(at(`.~lock.${NAME}#`));
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    let isDone = false;
    const look = (): void => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      if (!isDone) setImmediate(look);
    };
    look();
    const row = await box.room.locate(`office/${NAME}`);
    await new Proposals(box.store).drop(row).finally(() => {
      isDone = true;
    });
    expect(most).toBeLessThan(giant / 4);
    await unlink(proposal);
  });
});
