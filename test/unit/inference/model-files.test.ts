import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fakeModel, put, recordOf, rig } from '../../support/inference-rig.ts';

const content = fakeModel();
const record = recordOf(content);

describe('a model file', () => {
  it('is vouched for by its digest, once: a restart does not read it again', async () => {
    const first = await rig({ records: [record] });
    const path = put(join(first.models, record.file), content);
    const read: number[] = [];
    expect(await first.inference.files.digest(path, (n) => read.push(n))).toBe(record.sha256);
    expect(read.at(-1)).toBe(content.length);
    const second = await first.again();
    const readAgain: number[] = [];
    expect(await second.inference.files.digest(path, (n) => readAgain.push(n))).toBe(record.sha256);
    expect(readAgain).toEqual([]);
  });

  it('is read again when anything about it changed, and refused when one byte did', async () => {
    const { inference, models } = await rig({ records: [record] });
    const path = put(join(models, record.file), content);
    await inference.files.verify('fake', path, record);
    const { mtime, atime } = statSync(path);
    const altered = Buffer.from(content);
    altered[1000]! ^= 1;
    writeFileSync(path, altered);
    // An attacker can set the times a file shows, but not its change time.
    utimesSync(path, atime, mtime);
    await expect(inference.files.verify('fake', path, record)).rejects.toMatchObject({ code: 'MODEL_ALTERED' });
    expect((await inference.models.view(record)).state).toBe('altered');
  });

  it('is refused when it was cut off, with the sizes', async () => {
    const { inference, models } = await rig({ records: [record] });
    const path = put(join(models, record.file), content);
    truncateSync(path, 1000);
    await expect(inference.models.slot(record).load()).rejects.toMatchObject({
      code: 'MODEL_ALTERED',
      details: { model: 'fake', reason: 'it has 1000 bytes instead of 200000' },
    });
    expect(await inference.models.view(record)).toMatchObject({ state: 'altered' });
  });

  it('is found by its size under another name, and a whole copy wins over a broken one', async () => {
    const { inference, models, folder } = await rig({ records: [record] });
    const other = join(folder, 'other');
    const { mkdirSync } = await import('node:fs');
    mkdirSync(other);
    put(join(models, record.file), content.subarray(0, 500));
    const { inference: both } = await rig({ records: [record], otherDirectories: [models, other] });
    put(join(other, 'renamed.gguf'), content);
    const found = await both.files.find(record);
    expect(found.map(({ path, wrongSize }) => [path, wrongSize])).toEqual([
      [join(other, 'renamed.gguf'), false],
      [join(models, record.file), true],
    ]);
    expect((await inference.models.view(record)).state).toBe('altered');
    expect((await both.models.view(record)).state).toBe('ready');
  });

  it('that is not there leaves everything else working and says how to get it', async () => {
    const { inference } = await rig({ records: [record] });
    expect(await inference.models.view(record)).toMatchObject({ state: 'absent', path: null });
    await expect(inference.models.slot(record).load()).rejects.toMatchObject({
      code: 'MODEL_NOT_READY',
      details: { state: 'absent' },
    });
  });
});

describe('an import', () => {
  it('of known bytes gets the entry of the catalogue and leaves the original alone', async () => {
    const { inference, models, folder } = await rig({ records: [record] });
    const from = put(join(folder, 'stick.gguf'), content);
    const { row, ...taken } = await inference.imports.take(from);
    expect(taken).toEqual({ id: 'fake', bytes: content.length, sha256: record.sha256, known: true });
    expect(row).toBeUndefined();
    expect(readdirSync(models)).toEqual(['fake.gguf']);
    expect(readFileSync(join(models, 'fake.gguf')).equals(content)).toBe(true);
    expect(existsSync(from)).toBe(true);
    expect((await inference.models.view(record)).state).toBe('ready');
  });

  it('of unknown bytes gets a record of its own, once', async () => {
    const { inference, models, folder, again } = await rig({ records: [record] });
    const from = put(join(folder, 'My Model (1).gguf'), fakeModel(1000, 9));
    const first = await inference.imports.take(from);
    expect(first).toMatchObject({ id: 'my-model-1', known: false });
    await inference.imports.record(first.row!);
    const second = await inference.imports.take(from);
    expect(second).toMatchObject({ id: 'my-model-1', known: true, row: undefined });
    expect(readdirSync(models)).toEqual(['my-model-1.gguf']);
    const after = await again();
    expect(after.inference.models.all().map(({ id, origin }) => [id, origin])).toEqual([
      ['fake', 'catalogue'],
      ['my-model-1', 'import'],
    ]);
  });

  it.each([
    ['it is not a GGUF file', (folder: string) => put(join(folder, 'x.gguf'), Buffer.from('hello'))],
    ['there is no such file', (folder: string) => join(folder, 'none.gguf')],
    ['it is not a file', (folder: string) => folder],
  ])('is refused when %s', async (reason, make) => {
    const { inference, models, folder } = await rig({ records: [record] });
    await expect(inference.imports.take(make(folder))).rejects.toMatchObject({
      code: 'MODEL_FILE_INVALID',
      details: { reason },
    });
    expect(readdirSync(models)).toEqual([]);
  });

  it('is refused later when the file was changed after it', async () => {
    const { inference, models, folder } = await rig({ records: [] });
    const taken = await inference.imports.take(put(join(folder, 'm.gguf'), fakeModel(1000, 3)));
    await inference.imports.record(taken.row!);
    const [imported] = inference.models.all();
    appendFileSync(join(models, imported!.file), 'x');
    await expect(inference.models.slot(imported!).load()).rejects.toMatchObject({ code: 'MODEL_ALTERED' });
  });
});
