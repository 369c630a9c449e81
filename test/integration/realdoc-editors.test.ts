import { copyFileSync, existsSync, readFileSync, renameSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DocBox } from '../support/doc-box.ts';

const TEN = Array.from({ length: 10 }, (_, i) => `line ${i + 1}\n`).join('');
const SAVED = TEN.replace('line 3', 'saved');
const NAME = 'Letter to all.md';
/** A program at its work in a folder that a box looks after. */
class Desk {
  readonly box: DocBox;
  readonly #waitMs: number;

  constructor(box: DocBox, waitMs: number) {
    this.box = box;
    this.#waitMs = waitMs;
  }

  at = (name: string): string => join(this.box.root, name);
  save = (name: string): void => writeFileSync(this.at(name), SAVED);
  move = (from: string, to: string): void => renameSync(this.at(from), this.at(to));
  away = (name: string): void => unlinkSync(this.at(name));
  /** What a slow disk or a network puts between two calls. */
  wait = (): Promise<unknown> => sleep(this.#waitMs);
}

/** The system calls of a save, as strace shows them, in their order. */
const DANCES: Record<string, (desk: Desk) => Promise<void> | void> = {
  'vim, backupcopy=no: the old file becomes the backup, a new one is written': async ({
    at,
    away,
    move,
    save,
    wait,
  }) => {
    writeFileSync(at('4913'), '');
    away('4913');
    move(NAME, `${NAME}~`);
    await wait();
    save(NAME);
    away(`${NAME}~`);
  },
  'vim, backupcopy=yes: a copy is the backup, the file is written in place': async ({ at, away, wait }) => {
    copyFileSync(at(NAME), at(`${NAME}~`));
    const handle = await open(at(NAME), 'w');
    await wait();
    await handle.write(SAVED);
    await handle.close();
    away(`${NAME}~`);
  },
  'LibreOffice: lock, a new file, then over the name': async ({ at, away, move, save, wait }) => {
    writeFileSync(at(`.~lock.${NAME}#`), ',lin,pc,21.11.2026 09:15,file:///x;');
    save('lu12345abcd.tmp');
    await wait();
    move('lu12345abcd.tmp', NAME);
    away(`.~lock.${NAME}#`);
  },
  'Word: a new file, the old one aside, the new one in its place, the old one away': async ({
    at,
    away,
    move,
    save,
    wait,
  }) => {
    writeFileSync(at(`~$${NAME.slice(2)}`), Buffer.alloc(162));
    save('~WRD0001.tmp');
    move(NAME, '~WRL0002.tmp');
    await wait();
    move('~WRD0001.tmp', NAME);
    await wait();
    away('~WRL0002.tmp');
    away(`~$${NAME.slice(2)}`);
  },
  'Excel: a new file without an extension, the old one under such a name, then both settle': async ({
    at,
    away,
    move,
    save,
    wait,
  }) => {
    writeFileSync(at(`~$${NAME}`), Buffer.alloc(165));
    save('A1B2C3D4');
    await wait();
    move(NAME, '5E6F7A80.tmp');
    await wait();
    move('A1B2C3D4', NAME);
    away('5E6F7A80.tmp');
    away(`~$${NAME}`);
  },
  'gedit: a hidden new file, over the name': async ({ move, save, wait }) => {
    save('.goutputstream-X1Y2Z3');
    await wait();
    move('.goutputstream-X1Y2Z3', NAME);
  },
  'nano and VS Code: emptied and written in place': async ({ at, wait }) => {
    const handle = await open(at(NAME), 'w');
    await wait();
    await handle.write(SAVED);
    await handle.sync();
    await handle.close();
  },
  'rsync: a hidden new file with the old time, over the name': async ({ at, move, save, wait }) => {
    save(`.${NAME}.Ab3dEf`);
    utimesSync(at(`.${NAME}.Ab3dEf`), 1_600_000_000, 1_600_000_000);
    await wait();
    move(`.${NAME}.Ab3dEf`, NAME);
  },
  'sed -i: a new file of its own name, over the name': async ({ move, save, wait }) => {
    save('sedAbC123');
    await wait();
    move('sedAbC123', NAME);
  },
  'cp over it': ({ at, box }) => {
    writeFileSync(join(box.base, 'copy'), SAVED);
    copyFileSync(join(box.base, 'copy'), at(NAME));
  },
  'emptied and written in slow pieces': async ({ at }) => {
    const handle = await open(at(NAME), 'w');
    for (let i = 0; i < SAVED.length; i += 20) {
      await handle.write(SAVED.slice(i, i + 20));
      await sleep(150);
    }
    await handle.close();
  },
};

async function seat(waitMs: number): Promise<Desk & AsyncDisposable> {
  const box = await DocBox.open({ watch: true });
  await box.write(NAME, TEN);
  await box.addWorkspace();
  return Object.assign(new Desk(box, waitMs), { [Symbol.asyncDispose]: () => box.destroy() });
}

async function sourcesOf(box: DocBox): Promise<string[]> {
  const { versions } = await box.call<{ versions: { source: string }[] }>('doc.log', { path: `office/${NAME}` });
  return versions.map((v) => v.source).reverse();
}

async function settle(box: DocBox): Promise<void> {
  await box.room.settled();
  await box.room.scan(box.room.workspace('office'));
  await box.room.settled();
}

describe.concurrent.each(Object.keys(DANCES))('%s', (program) => {
  const dance = DANCES[program]!;

  it('is one version, and no deletion, however slowly it is danced', async () => {
    await using desk = await seat(400);
    const { box } = desk;
    const changed = box.door.event((e) => e.kind === 'version-created' && e.data['version'] === 2);
    await dance(desk);
    await changed;
    await settle(box);
    expect(await sourcesOf(box)).toEqual(['import', 'import']);
    expect(`${await box.text(`office/${NAME}`)}\n`).toBe(SAVED);
    const { documents } = await box.call<{ documents: { path: string }[] }>('doc.list', { workspace: 'office' });
    expect(documents.map((d) => d.path)).toEqual([`office/${NAME}`]);
  });

  it('is kept when an edit of the box is on its way to the file', async () => {
    await using desk = await seat(20);
    const { box } = desk;
    const verbs = [{ set: '9', text: ['edited'] }];
    const editing = box.call('doc.edit', { path: `office/${NAME}`, base: 1, verbs });
    await dance(desk);
    await editing;
    await settle(box);
    const texts: string[] = [];
    const file = await box.room.locate(`office/${NAME}`, { look: false });
    for (let v = 1; v <= file.head; v++) texts.push(box.room.documents.at(file, v).toBuffer().toString());
    expect(texts).toContain(SAVED);
    expect(texts.some((text) => text.includes('edited'))).toBe(true);
    expect(await sourcesOf(box)).not.toContain('delete');
    expect(existsSync(desk.at(NAME)) && readFileSync(desk.at(NAME), 'utf8')).toBe(texts.at(-1));
  });
});
