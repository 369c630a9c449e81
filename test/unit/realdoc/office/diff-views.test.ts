import { describe, expect, it } from 'vitest';
import { diffViews } from '../../../../src/realdoc/office/diff-views.ts';

const cell = (address: string, content: string) => ({ address, prefix: `${address}|`, text: `${address}|${content}` });

describe('a diff of two views', () => {
  it('says which cells changed, came and went, whatever their line numbers', () => {
    const before = [cell('S!A1', 'x'), cell('S!B7', '120'), cell('S!C1', 'gone'), cell('S!D1', '5|=A1')];
    const after = [cell('S!A1', 'x'), cell('S!A2', 'new'), cell('S!B7', '130'), cell('S!D1', '5|=A1')];
    expect(diffViews(before, after)).toEqual([
      { address: 'S!A2', from: null, to: 'new' },
      { address: 'S!B7', from: '120', to: '130' },
      { address: 'S!C1', from: 'gone', to: null },
    ]);
  });

  it('compares paragraphs in their order and pairs those that gave way', () => {
    const line = (text: string) => ({ text });
    expect(diffViews(['a', 'b', 'c'].map(line), ['a', 'B', 'c', 'd'].map(line))).toEqual([
      { from: 'b', to: 'B' },
      { from: null, to: 'd' },
    ]);
    const shape = (text: string) => cell('slide 1 / Text', text);
    expect(diffViews(['a', 'b'].map(shape), ['a', 'c'].map(shape))).toEqual([
      { address: 'slide 1 / Text', from: 'b', to: 'c' },
    ]);
  });

  it('sees a sheet that was hidden or named anew', () => {
    const heading = (text: string, address: string) => ({ text, prefix: text, address, level: 1 });
    expect(diffViews([heading('# A', 'A')], [heading('# A (hidden)', 'A')])).toEqual([
      { address: 'A', from: '# A', to: '# A (hidden)' },
    ]);
  });
});
