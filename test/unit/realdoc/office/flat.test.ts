import { describe, expect, it } from 'vitest';
import { type FlatSource, flatten, indexFlat, partsOf } from '../../../../src/realdoc/office/flat.ts';
import { packFlat } from '../../../../src/realdoc/office/pack.ts';
import { inflateEntry, readZip } from '../../../../src/realdoc/office/zip.ts';
import { localFieldsOf } from '../../../../src/realdoc/office/zip-records.ts';
import { TextTree } from '../../../../src/realdoc/text/tree.ts';
import { fileOfFlat } from '../../../support/spec-flat.ts';
import { type ZipItem, zipOf } from '../../../support/zip-writer.ts';

function flatOf(file: Buffer): Buffer {
  const directory = readZip(file);
  const texts = directory.entries.map((e) => (e.name.endsWith('.xml') ? inflateEntry(file, e) : undefined));
  return flatten(file, 'docx', directory, texts);
}

async function packed(flat: FlatSource): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of packFlat(flat, indexFlat(flat))) pieces.push(piece);
  return Buffer.concat(pieces);
}

const media = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) & 255));
const shapes: [string, ZipItem[], Parameters<typeof zipOf>[1]][] = [
  [
    'plain',
    [
      { name: 'a.xml', content: '<a>one</a>' },
      { name: 'm.png', content: media },
    ],
    {},
  ],
  [
    'stored',
    [
      { name: 'a.xml', content: '<a>one</a>', stored: true },
      { name: 'm.png', content: media, stored: true },
    ],
    {},
  ],
  [
    'streamed',
    [
      { name: 'a.xml', content: '<a>one</a>', descriptor: 'signed' },
      { name: 'm.png', content: media, descriptor: 'bare' },
    ],
    {},
  ],
  ['told twice', [{ name: 'a.xml', content: '<a>one</a>', descriptor: 'signed', told: true }], {}],
  [
    'zip64',
    [
      { name: 'a.xml', content: '<a>one</a>', zip64: true, comment: 'c' },
      { name: 'm.png', content: media, zip64: true },
    ],
    {},
  ],
  [
    'stub',
    [
      { name: 'm.png', content: media },
      { name: 'a.xml', content: '<a>one</a>' },
    ],
    { prefix: Buffer.from('stub'), comment: 'y', reversed: true },
  ],
];

describe('the flat form of a package', () => {
  it.each(shapes)('gives the very file back: %s', async (_name, items, options) => {
    const file = zipOf(items, options);
    const flat = flatOf(file);
    expect((await packed(TextTree.of(flat))).equals(file)).toBe(true);
    expect(fileOfFlat(flat).equals(file)).toBe(true);
  });

  it.each(shapes)('after an edit only that entry is written anew: %s', async (_name, items, options) => {
    const file = zipOf(items, options);
    const tree = TextTree.of(flatOf(file));
    const [part] = partsOf(tree, indexFlat(tree));
    const at = part!.at + part!.bytes.indexOf('one');
    const edited = tree.apply([{ at, del: Buffer.from('one'), ins: Buffer.from('other words') }]);
    const after = await packed(edited);
    expect(fileOfFlat(edited.toBuffer()).equals(after)).toBe(true);
    const [was, is] = [readZip(file), readZip(after)];
    expect(is.entries.map((e) => e.name)).toEqual(was.entries.map((e) => e.name));
    for (const [i, entry] of is.entries.entries()) {
      const before = was.entries[i]!;
      const raw = after.subarray(entry.local, entry.end);
      if (entry.name === 'a.xml') expect(inflateEntry(after, entry).toString()).toBe('<a>other words</a>');
      else expect(raw.equals(file.subarray(before.local, before.end))).toBe(true);
      // With or without a descriptor, the header says nothing else than the directory.
      if (after.readUInt32LE(entry.local + 14) !== 0) {
        const { crc, size } = localFieldsOf(after.subarray(entry.local, entry.data));
        expect({ crc, size }).toEqual({ crc: entry.crc, size: entry.size });
      }
      // Versions, flags, method and times are as they were.
      const [header, old] = [after.subarray(entry.central), file.subarray(before.central)];
      expect(header.subarray(4, 16)).toEqual(old.subarray(4, 16));
    }
    const back = edited.apply([{ at, del: Buffer.from('other words'), ins: Buffer.from('one') }]);
    expect((await packed(back)).equals(file)).toBe(true);
  });

  it('says DOC_CORRUPT for anything that it did not write', () => {
    const flat = flatOf(zipOf(shapes[0]![1]));
    for (const broken of [Buffer.from('x\n'), flat.subarray(0, -1), Buffer.concat([flat, Buffer.from('\n')])]) {
      expect(() => indexFlat(TextTree.of(broken))).toThrow(expect.objectContaining({ code: 'DOC_CORRUPT' }));
    }
  });
});
