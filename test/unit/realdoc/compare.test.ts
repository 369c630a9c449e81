import { describe, expect, it } from 'vitest';
import { renderDocDiff } from '../../../src/cli/render/doc-diff.ts';
import { Terminal } from '../../../src/cli/terminal.ts';
import { compareShown } from '../../../src/realdoc/history/compare.ts';
import type { ViewLine } from '../../../src/realdoc/office/kind.ts';
import type { FileRow, Kind } from '../../../src/realdoc/rows.ts';
import { diffBytes } from '../../../src/realdoc/text/diff.ts';
import { TextTree } from '../../../src/realdoc/text/tree.ts';

const treeOf = (text: string): TextTree => TextTree.of(Buffer.from(text));

/** Two versions whose stored text is what is shown; `lines` of an Office file are `address|text` or text alone. */
async function compared(path: string, kind: Kind, before: string, after: string) {
  const file = { id: 'f', path, kind, utf8: true, mixed: false, head: 2 } as unknown as FileRow;
  const lineOf = (text: string): ViewLine => {
    const [, prefix, address] = /^((.*)\|)/.exec(text) ?? [];
    const place = { part: 0, from: 0, to: 0 };
    return address === undefined ? { text, ...place } : { text, prefix: prefix!, address, ...place };
  };
  const shown = (_: FileRow, __: number, tree: TextTree) => {
    const lines = tree.toBuffer().toString().split('\n').map(lineOf);
    return Promise.resolve({ tree, places: { lines, starts: [0] } });
  };
  const [one, two] = [treeOf(before), treeOf(after)];
  const change = () => Promise.resolve(diffBytes(one.toBuffer(), two.toBuffer()));
  const sides = [one, two].map((tree, i) => ({ version: i + 1, tree }));
  return await compareShown({ shown }, file, sides[0]!, sides[1]!, change);
}

describe('two versions side by side', () => {
  it('tells the cells of a table', async () => {
    expect((await compared('w/a.csv', 'text', 'a,b\n1,2\n', 'a,b\n1,3\n')).cells).toEqual([
      { address: 'B2', from: '2', to: '3' },
    ]);
    expect((await compared('w/a.tsv', 'text', 'a\tb,c\n', 'a\tb,d\n')).cells).toEqual([
      { address: 'B1', from: 'b,c', to: 'b,d' },
    ]);
    expect((await compared('w/a.md', 'text', 'a,b\n', 'a,c\n')).cells).toBeUndefined();
  });

  it('tells cells of an Office file only where they are all that changed', async () => {
    const { cells } = await compared('w/a.docx', 'package', 'price 1\nT!A1|x', 'price 1\nT!A1|y');
    expect(cells).toEqual([{ address: 'T!A1', from: 'x', to: 'y' }]);
    const both = await compared('w/a.docx', 'package', 'price 1\nT!A1|x', 'price 2\nT!A1|y');
    expect([both.cells, both.change.length]).toEqual([undefined, 1]);
  });

  it('says that it tells only the first of very many', async () => {
    const lines = (value: string) => Array.from({ length: 3000 }, (_, i) => `S!A${i}|${value}`).join('\n');
    const { cells, isCut } = await compared('w/a.xlsx', 'package', lines('x'), lines('y'));
    expect([cells?.length, isCut]).toEqual([2000, true]);
  });

  it('is read on a terminal without colour, and as lines where words or lines are wanted', () => {
    const answer = { path: 'w/a.csv', from: 1, to: 2, unified: '@@ -1 +1 @@\n-a,1\n+a,2\n', added: 1, removed: 1 };
    const cells = [
      { address: 'B1', from: '1', to: '2' },
      { address: 'row 3', from: 'x', to: null },
    ];
    const terminal = new Terminal({ json: false });
    const body = (more: object): string =>
      renderDocDiff({ ...answer, ...more }, terminal, 'en')
        .split('\n')
        .slice(1)
        .join('\n');
    expect(body({ cells })).toBe('B1  1 → 2\nrow 3  - x');
    expect(body({ cells, cellsCut: true })).toMatch(/more cells changed.*--lines$/);
    expect(body({ cells, words: [{ line: 1, runs: [{ op: '+', text: 'new' }] }] })).toBe('line 1\n{+new+}');
    expect(body({})).toBe('line 1\n-a,1\n+a,2');
  });
});
