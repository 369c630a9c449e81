import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Format } from '../support/look-reader.ts';
import { OfficeDesk } from '../support/office-desk.ts';
import { acrossRunTrials, compare, keywordTrials, verbOf } from '../support/office-trials.ts';
import { readTarZst } from '../support/tar-zst.ts';
import { testData } from '../support/test-data.ts';

const set = testData('office/open-xml-sample.tar.zst');

/** Some of the files of the acceptance: charts, pivots, tables, tracked changes, tables in slides. */
const SOME = /^(?:\.\/)?(?:[^/]+\/)?(?:063|088|093|167|170|067|069|074|064|111|114|120|129)-/;

describe.skipIf(set === undefined)('real Office files through the room and its guest', () => {
  const files = new Map<string, Buffer>();
  let desk: OfficeDesk;

  beforeAll(async () => {
    for (const [name, content] of readTarZst(set!)) {
      const format = /\.(docx|xlsx|pptx)$/.exec(name)?.[1];
      if (SOME.test(name) && format) files.set(`${files.size}.${format}`, content);
    }
    desk = await OfficeDesk.open(files);
  });
  afterAll(() => desk.close());

  it('one edit changes nothing but the words it names, and undo gives the very file', async () => {
    let edits = 0;
    for (const [name, before] of files) {
      const format = name.split('.').at(-1) as Format;
      const trials = [...keywordTrials(before, format).slice(0, 1), ...acrossRunTrials(before, format, 1)];
      for (const trial of trials.filter((each) => each.across !== 'holders')) {
        const read = await desk.lines(name);
        if ('code' in read) throw new Error(`${name}: ${read.code} ${read.what}`);
        expect(await desk.edit(name, read.version, verbOf(trial)), `${name} ${trial.find}`).toBeUndefined();
        if (format === 'xlsx' && trial.address) {
          const [cell] = await desk.cells(name);
          expect(cell, name).toMatchObject({ address: trial.address, to: expect.stringContaining(trial.replace) });
        }
        const counts = compare(before, await desk.file(name), format, trial);
        expect(counts.identical, name).toBe(counts.parts);
        await desk.undo(name);
        expect((await desk.file(name)).equals(before), `${name} after undo`).toBe(true);
        edits++;
      }
    }
    expect(edits).toBeGreaterThan(15);
  });
});
