import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sourceOf } from '../../../../src/realdoc/formats/ask.ts';
import { diffTables } from '../../../../src/realdoc/formats/csv/table-diff.ts';

async function told(before: string, after: string, limit = 100): Promise<string[] | undefined> {
  const diff = await diffTables(sourceOf(Buffer.from(before)), sourceOf(Buffer.from(after)), limit);
  return diff?.cells.map(({ address, from, to }) => `${address}: ${from} -> ${to}`);
}

const TEA = 'item,price,count\ntea,2,10\nrice,5,"a ""b"""\nsalt,1,7\n';

describe('the change of a table', () => {
  it('is told cell by cell', async () => {
    expect(await told(TEA, TEA.replace('tea,2', 'tea,3').replace('7\n', '8\n'))).toEqual(['B2: 2 -> 3', 'C4: 7 -> 8']);
    expect(await told(TEA, TEA.replace('a ""b""', 'c\nd'))).toEqual(['C3: a "b" -> c\nd']);
    expect(await told(TEA, TEA.replace('tea,2,10', '茶,2,10'))).toEqual(['A2: tea -> 茶']);
  });

  it('tells rows that came and went as rows, and calls cells below by their new place', async () => {
    const more = TEA.replace('\nrice', '\nmilk,4,1\nrice').replace('salt,1', 'salt,9');
    expect(await told(TEA, more)).toEqual(['row 3: null -> milk,4,1', 'B5: 1 -> 9']);
    expect(await told(more, TEA)).toEqual(['row 3: milk,4,1 -> null', 'B4: 9 -> 1']);
  });

  it('knows columns by the header', async () => {
    const more = 'item,kind,price,count\ntea,x,2,10\nrice,y,5,"a ""b"""\nsalt,,1,8\n';
    expect(await told(TEA, more)).toEqual([
      'B1: null -> kind',
      'B2: null -> x',
      'B3: null -> y',
      'B4: null -> ',
      'D4: 7 -> 8',
    ]);
    expect(await told(TEA, TEA.replace('price', 'cost'))).toEqual(['B1: price -> cost']);
    expect(await told(TEA, TEA.replace('tea,2,10', 'tea,2,10,left'))).toEqual(['D2: null -> left']);
  });

  it('leaves nothing out: another spelling and other line ends are changes', async () => {
    expect(await told(TEA, TEA.replace('tea,2', '"tea",2'))).toEqual(['A2: tea -> "tea"']);
    expect(await told(TEA, TEA.replaceAll('\n', '\r\n').replace('tea,2', 'tea,3'))).toEqual([
      'B2: 2 -> 3',
      'line ends: LF -> CRLF',
    ]);
  });

  it('leaves to lines what is no table any more, or a longer one than it reads', async () => {
    expect(await told(TEA, TEA.replaceAll(',', ';'))).toBeUndefined();
    expect(await told(TEA, `\ufeff${TEA}`)).toBeUndefined();
    expect(await told(TEA, `${TEA}a,"open\n`)).toBeUndefined();
    expect(await told(TEA, TEA + 'a,b,c\n'.repeat(2_000_000))).toBeUndefined();
  });

  it('says when there is more than it tells, and reads a row as long as a file', async () => {
    const rows = (value: string): Buffer => Buffer.from(`n,v\n${'0,'.concat(value, '\n').repeat(500_000)}`);
    const diff = await diffTables(sourceOf(rows('a')), sourceOf(rows('b')), 2000);
    expect([diff?.cells.length, diff?.isCut]).toEqual([2000, true]);
    const long = ','.repeat(1_000_000);
    expect(await told(`a\n${long}\n`, `a\n${long}1\n`)).toEqual([`row 2: ${long} -> ${long}1`]);
  });

  it('tells something wherever two tables differ, and nothing where they do not', async () => {
    const cell = fc.constantFrom('', 'a', 'b', '"c,d"', '"e\nf"');
    const table = fc
      .array(fc.array(cell, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 })
      .map((rows) => `${rows.map((row) => row.join(',')).join('\n')}\n`);
    await fc.assert(
      fc.asyncProperty(table, table, async (before, after) => {
        const diff = await diffTables(sourceOf(Buffer.from(before)), sourceOf(Buffer.from(after)), 1000, 44);
        expect(diff!.cells.length > 0).toBe(before !== after);
      }),
      { numRuns: 300 },
    );
  });
});
