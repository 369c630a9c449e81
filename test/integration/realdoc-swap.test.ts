import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Kernel, loadKernel } from '../../src/realdoc/projection/kernel.ts';
import { DocBox } from '../support/doc-box.ts';
import { lacks } from '../support/needs.ts';

const PNG = Buffer.from('89504e470d0a1a0a0000', 'hex');
let box: DocBox;
afterEach(() => box.destroy());

/** A box in which `meanwhile` happens between the last look at a file and the moment when it changes places, once. */
async function start(meanwhile: (target: string) => void): Promise<void> {
  const own = (await loadKernel())!;
  let isDone = false;
  const exchange: Kernel['exchange'] = (temporary, target) => {
    if (!isDone) {
      isDone = true;
      meanwhile(target);
    }
    own.exchange(temporary, target);
  };
  box = await DocBox.open({ kernel: () => Promise.resolve({ ...own, exchange }) });
  await box.write('a.md', 'one\ntwo\nthree\n');
  await box.addWorkspace();
  await box.call('doc.edit', { path: 'office/a.md', base: 1, verbs: [{ set: '1', text: ['edited'] }] });
  await box.room.settled();
}
const sources = async (): Promise<string[]> => {
  const { versions } = await box.call<{ versions: { source: string }[] }>('doc.log', { path: 'office/a.md' });
  return versions.map((v) => v.source).reverse();
};
const overName = (bytes: string | Buffer) => (target: string) => {
  writeFileSync(`${target}.new`, bytes);
  renameSync(`${target}.new`, target);
};

describe('at the very moment of our swap', () => {
  it('a save by rename is a version and is merged', async () => {
    await start(overName('one\ntwo\nsaved\n'));
    expect(await sources()).toEqual(['import', 'edit', 'import', 'merge']);
    expect(await box.text('office/a.md', 'v3')).toBe('one\ntwo\nsaved');
    expect(await box.file('a.md')).toBe('edited\ntwo\nsaved\n');
    expect(readdirSync(box.root)).toEqual(['a.md']);
  });

  it('a save in place is one too', async () => {
    await start((target) => writeFileSync(target, 'one\ntwo\nin place\n'));
    expect(await box.file('a.md')).toBe('edited\ntwo\nin place\n');
    expect(await box.text('office/a.md', 'v3')).toBe('one\ntwo\nin place');
  });

  it('a picture under the name of a text is a version as well, and the edit is in the history', async () => {
    await start(overName(PNG));
    await box.room.settled();
    expect(readFileSync(join(box.root, 'a.md'))).toEqual(PNG);
    expect(readdirSync(box.root)).toEqual(['a.md']);
    expect(await sources()).toEqual(['import', 'edit', 'import']);
    await box.call('doc.rollback', { path: 'office/a.md', to: 'v2' });
    expect(await box.file('a.md')).toBe('edited\ntwo\nthree\n');
    expect(readdirSync(box.root)).toEqual(['a.md']);
  });

  it('a folder goes back to where it was', async () => {
    await start((target) => {
      rmSync(target);
      mkdirSync(target);
      writeFileSync(join(target, 'inside.md'), 'x\n');
    });
    expect(readdirSync(join(box.root, 'a.md'))).toEqual(['inside.md']);
    expect(readdirSync(box.root)).toEqual(['a.md']);
  });

  it('a removal is a removal, or the file is written again, and the edit is in the history', async () => {
    await start((target) => rmSync(target));
    expect(await box.text('office/a.md', 'v2')).toBe('edited\ntwo\nthree');
  });
});

const noAcls = await lacks('ACLs');
describe('what lies beside the bytes', () => {
  it.skipIf(noAcls)('ACL, attributes and mode are those of the replaced file, not those of the folder', async () => {
    const own = (await loadKernel())!;
    await start(() => undefined);
    const file = join(box.root, 'a.md');
    execFileSync('setfacl', ['-m', 'u:12345:rw', file], { stdio: 'pipe' });
    execFileSync('setfacl', ['-d', '-m', 'u:54321:r', box.root], { stdio: 'pipe' });
    own.setAttribute(file, 'user.DOSATTRIB', Buffer.from('0x22\0'));
    const before = own.attributes(file);
    const { mode, ino } = statSync(file);
    await box.call('doc.edit', { path: 'office/a.md', base: 2, verbs: [{ set: '2', text: ['again'] }] });
    await box.room.settled();
    expect(readFileSync(file, 'utf8')).toBe('edited\nagain\nthree\n');
    expect(statSync(file).ino).not.toBe(ino);
    expect(statSync(file).mode).toBe(mode);
    expect(own.attributes(file)).toEqual(before);
  });
});
