import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { inflateEntry, readZip, ZIP_LIMITS } from '../../../../src/realdoc/office/zip.ts';
import { type ZipItem, zipOf } from '../../../support/zip-writer.ts';

const a: ZipItem = { name: 'a.xml', content: '<a>one</a>' };
const b: ZipItem = { name: 'b/c.bin', content: Buffer.from([0, 1, 2, 3]), stored: true };

function reasonOf(file: Buffer, limits = ZIP_LIMITS): unknown {
  try {
    for (const entry of readZip(file, limits).entries) inflateEntry(file, entry);
    return undefined;
  } catch (error) {
    const { code, details } = error as { code: string; details: { reason: string } };
    expect(code).toBe('DOC_PARSE_REFUSED');
    return details.reason;
  }
}

describe('the reader of zip archives', () => {
  it.each<[string, ZipItem[], Parameters<typeof zipOf>[1]]>([
    ['as most write them', [a, b], {}],
    [
      'with descriptors',
      [
        { ...a, descriptor: 'signed' },
        { ...b, descriptor: 'bare' },
      ],
      {},
    ],
    [
      'with zip64 fields',
      [
        { ...a, zip64: true },
        { ...b, zip64: true, descriptor: 'signed' },
      ],
      {},
    ],
    [
      'with a stub, comments and another order',
      [{ ...a, comment: 'x' }, b],
      { prefix: Buffer.from('stub'), comment: 'y', reversed: true },
    ],
    ['empty', [], {}],
  ])('reads archives %s', (_name, items, options) => {
    const file = zipOf(items, options);
    const { entries } = readZip(file);
    expect(entries.map((entry) => entry.name)).toEqual(items.map((item) => item.name));
    expect(entries.map((entry) => inflateEntry(file, entry))).toEqual(items.map((item) => Buffer.from(item.content)));
    const ends = entries.map((entry) => entry.end);
    expect(entries.slice(1).map((entry) => entry.local)).toEqual(ends.slice(0, -1));
  });

  it.each<[string, ZipItem[], string]>([
    ['a lying checksum', [{ ...a, lies: { crc: 1 } }], 'wrong checksum'],
    ['more bytes than said', [{ ...a, lies: { size: 3, crc: crc32('<a>') } }], 'broken or longer than it says'],
    ['fewer bytes than said', [{ ...a, lies: { size: 300 } }], 'not as long as it says'],
    ['stored bytes with another size', [{ ...b, lies: { size: 2 } }], 'not as long as it says'],
    ['a way out', [{ ...a, name: '../a.xml' }], 'a name that leads out of the package'],
    ['an absolute name', [{ ...a, name: '/a.xml' }], 'a name that leads out of the package'],
    ['a drive', [{ ...a, name: 'C:a.xml' }], 'a name that leads out of the package'],
    ['a backslash', [{ ...a, name: 'a\\b.xml' }], 'a name that leads out of the package'],
    ['one name twice', [a, { ...a, name: 'A.XML' }], 'two entries with one name'],
    ['another name in the local header', [{ ...a, lies: { localName: 'z.xml' } }], 'told in two ways'],
    ['another size in the local header', [{ ...a, lies: { localSize: 8 } }], 'told in two ways'],
    ['another size in the local zip64 field', [{ ...a, zip64: true, lies: { localSize: 8 } }], 'told in two ways'],
    ['a size that nobody says', [{ ...a, lies: { localSize: 0xffffffff } }], 'its zip64 sizes are missing'],
    ['encryption', [{ ...a, lies: { flags: 1 } }], 'encrypted'],
    ['an unknown method', [{ ...a, lies: { method: 12 } }], 'an unknown compression'],
    ['shared bytes', [a, { ...a, name: 'b.xml', lies: { offset: 0, localName: 'a.xml' } }], 'told in two ways'],
    ['an offset into nothing', [{ ...a, lies: { offset: 7 } }], 'an entry is not where the directory says'],
  ])('refuses %s', (_name, items, reason) => {
    expect(reasonOf(zipOf(items))).toBe(reason);
  });

  it('refuses entries that overlap', () => {
    // The content of the outer entry is itself a whole entry, which the directory names as well.
    const inner = zipOf([a]);
    const outer = zipOf([
      { name: 'outer', content: inner, stored: true },
      { ...a, lies: { offset: 30 + 'outer'.length } },
    ]);
    expect(reasonOf(outer)).toBe('two entries share bytes');
  });

  it('refuses what blows up: by ratio, by size, by number', () => {
    const zeros = Buffer.alloc(8 * 1024 * 1024);
    expect(reasonOf(zipOf([{ name: 'bomb.xml', content: zeros }]))).toBe('inflates too much');
    expect(reasonOf(zipOf([a, b]), { ...ZIP_LIMITS, totalBytes: 12 })).toBe('too large when inflated');
    expect(reasonOf(zipOf([a, b]), { ...ZIP_LIMITS, entryBytes: 5 })).toBe('too large when inflated');
    const many = Array.from({ length: 10_001 }, (_, i) => ({ name: `n${i}`, content: '', stored: true }));
    expect(reasonOf(zipOf(many))).toBe('too many entries');
    expect(reasonOf(zipOf([a], { prefix: Buffer.alloc(2 * 1024 * 1024) }))).toBe('too many bytes of no entry');
  });

  it('never reads past the file: cut anywhere, or with any byte changed, it ends with an answer', () => {
    const file = zipOf([a, { ...b, zip64: true, descriptor: 'signed' }], { comment: 'x' });
    for (let length = 0; length < file.length; length++) expect(reasonOf(file.subarray(0, length))).toBeDefined();
    for (let at = 0; at < file.length; at++) {
      for (const flip of [1, 0x80, 0xff]) {
        const broken = Buffer.from(file);
        broken[at]! ^= flip;
        // Dates and comments may be anything; whatever is accepted is accepted with its content.
        reasonOf(broken);
      }
    }
  });
});
