import { describe, expect, it } from 'vitest';
import { readOpaque } from '../../../../src/realdoc/formats/opaque/shown.ts';
import { textGuest } from '../../../../src/realdoc/formats/text-guest.ts';
import type { ParsePort } from '../../../../src/realdoc/parse/port.ts';
import { TextTree } from '../../../../src/realdoc/text/tree.ts';
import { docOf, refusalOf } from './land.ts';

/** A guest that a file has taken over: it answers this, whatever is asked. */
const saying = (value: unknown): ParsePort =>
  ({ call: () => Promise.resolve({ value, blobs: [] }) }) as unknown as ParsePort;
const doc = docOf('0123456789', 'w/a.yaml');
const guest = (value: unknown) => textGuest(saying(value));
const ask = { verb: 1, act: 'set', address: '/a', text: ['x'] } as const;
const refused = { code: 'DOC_PARSE_REFUSED', details: { path: 'w/a.yaml' } };

const landing = (region: unknown, ...patches: unknown[]) => ({ address: '/a', region, patches });
const whole = { from: 0, to: 10 };

describe('an answer that cannot be true is a refusal of the file', () => {
  it.each([
    ['nothing', null],
    ['no address', { region: whole, patches: [] }],
    ['no region', { address: '/a', patches: [] }],
    ['a region behind the end', landing({ from: 0, to: 11 })],
    ['a region that ends before it begins', landing({ from: 5, to: 4 })],
    ['patches that are none', { ...landing(whole), patches: {} }],
    ['a patch that is none', landing(whole, null)],
    ['a patch behind the end', landing(whole, { at: 10, del: 1, ins: '' })],
    ['a patch before the beginning', landing(whole, { at: -1, del: 0, ins: '' })],
    ['patches that overlap', landing(whole, { at: 0, del: 3, ins: '' }, { at: 2, del: 1, ins: '' })],
    ['a patch with no text', landing(whole, { at: 0, del: 0, ins: 7 })],
  ])('a place: %s', async (_, value) => {
    expect(await refusalOf(() => guest(value).land(doc, ask))).toMatchObject(refused);
  });

  it.each([
    ['nothing', null],
    ['no list', { length: 1 }],
    ['an entry that is none', [null]],
    ['a title that is none', [{ line: 1, level: 1, title: { toString: 1 } }]],
    ['a line that is none', [{ line: '1', level: 1, title: 'a' }]],
    ['line 0', [{ line: 0, level: 1, title: 'a' }]],
    ['a level that is none', [{ line: 1, level: Number.NaN, title: 'a' }]],
    ['an address that is none', [{ line: 1, level: 1, title: 'a', address: 5 }]],
  ])('an outline: %s', async (_, value) => {
    expect(await refusalOf(() => guest(value).outline(doc, 1))).toMatchObject(refused);
  });

  it('a fault, and the lines of a PDF', async () => {
    for (const value of [7, { line: '1', reason: 'x' }, { line: 1 }])
      expect(await refusalOf(() => guest(value).check(doc))).toMatchObject(refused);
    const pdf = TextTree.of(Buffer.from('%PDF-1.4'));
    for (const value of [null, 'lines', [1]])
      expect((await refusalOf(() => readOpaque(pdf, saying(value)))).code).toBe('DOC_PARSE_REFUSED');
  });

  it('what may be true passes', async () => {
    const patch = { at: 2, del: 3, ins: 'x' };
    expect(await guest(landing(whole, patch)).land(doc, ask)).toEqual(landing(whole, patch));
    const entries = [{ line: 1, level: 1, title: 'a', to: 2, address: '/a' }];
    expect(await guest(entries).outline(doc, 1)).toEqual(entries);
    expect(await guest(null).check(doc)).toBeUndefined();
    expect(await guest({ line: 1, reason: 'x' }).check(doc)).toEqual({ line: 1, reason: 'x' });
    const read = await readOpaque(TextTree.of(Buffer.from('%PDF-1.4')), saying(['a', 'b']));
    expect(read?.toBuffer().toString()).toBe('a\nb\n');
  });
});
