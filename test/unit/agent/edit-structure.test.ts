import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextPrefix } from '../../../src/agent/edit/add.ts';
import { CELL_BREAK, labelled } from '../../../src/agent/edit/label.ts';
import { csvCell, lineFromLabel, withCells, withYamlValue } from '../../../src/agent/edit/rewrite.ts';
import { csvCells, pipeCells, type Structure, structureOf } from '../../../src/agent/edit/structure.ts';

function pick(structure: Structure, piece: string) {
  const found = labelled(structure, structure.candidates).find(({ candidate }) =>
    structure.lines[candidate.line - 1]!.includes(piece),
  );
  if (!found) throw new Error(`no candidate holds ${piece}`);
  return found;
}

const TABLE = ['# Rooms', '', '| Room | Seats |', '|---|---|', '| Aster | 12 |', '| Birch | 8 |'];

describe('candidates', () => {
  test('a header row, a rule and blank lines are none; headings are marked', () => {
    const { candidates } = structureOf('w/a.md', TABLE);
    expect(candidates.map((c) => [c.line, c.kind])).toEqual([
      [1, 'heading'],
      [5, 'row'],
      [6, 'row'],
    ]);
    expect(candidates[1]!.cells!.map((c) => c.column)).toEqual(['Room', 'Seats']);
  });

  test('markers are kept aside', () => {
    const { candidates } = structureOf('w/a.md', ['- one', '  2. two', '- [x] three', '四、four']);
    expect(candidates.map((c) => c.body)).toEqual(['one', 'two', 'three', 'four']);
  });

  test('prefix and body are the line', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 40 }), { maxLength: 8 }), (texts) => {
        const lines = texts.map((t) => t.replaceAll(/[\r\n]/g, ' '));
        for (const name of ['w/a.md', 'w/a.txt', 'w/a.yaml', 'w/a.csv']) {
          for (const c of structureOf(name, lines).candidates) {
            if (c.kind !== 'row') expect(lines[c.line - 1]!.startsWith(c.prefix)).toBe(true);
            expect(lines[c.line - 1]).toContain(c.body);
          }
        }
      }),
    );
  });

  test('every candidate has a label of its own', () => {
    const lines = ['a:', '  port: 1', 'b:', '  port: 1', 'c:', '  - x', '  - x'];
    const labels = labelled(structureOf('w/a.yaml', lines), structureOf('w/a.yaml', lines).candidates);
    expect(new Set(labels.map((l) => l.label)).size).toBe(labels.length);
  });
});

describe('a new label becomes a line', () => {
  test('a list line keeps its marker and what followed its text', () => {
    const s = structureOf('w/a.md', ['  1. Opens at 8  ']);
    expect(lineFromLabel(s, pick(s, 'Opens'), 'Opens at 9')).toBe('  1. Opens at 9  ');
  });

  test('a table row keeps its bars and its padding', () => {
    const s = structureOf('w/a.md', ['| Room | Seats |', '|---|---|', '|  Aster  |12|']);
    const row = pick(s, 'Aster');
    expect(row.label).toBe(`Aster${CELL_BREAK}12`);
    expect(lineFromLabel(s, row, `Aster${CELL_BREAK}14`)).toBe('|  Aster  |14|');
    expect(lineFromLabel(s, row, `Aster${CELL_BREAK}14${CELL_BREAK}yes`)).toBeUndefined();
  });

  test('a CSV record keeps its other cells, quotes and separator', () => {
    const s = structureOf('w/a.csv', ['name;price', '"Bulb; LED";2,75']);
    const { candidate } = pick(s, 'Bulb');
    expect(withCells(s, candidate, ['Bulb; LED', '3,10'])).toBe('"Bulb; LED";3,10');
    expect(withCells(s, candidate, ['Bulb; LED', 'a;b'])).toBe('"Bulb; LED";"a;b"');
  });

  test('a YAML line keeps key, quotes, comment and type', () => {
    const s = structureOf('w/a.yaml', ['mail:', '  port: 587 # tls', '  time: "02:30"', '  on: true']);
    const at = (piece: string) => pick(s, piece).candidate;
    expect(withYamlValue(s, at('port'), '465')).toBe('  port: 465 # tls');
    expect(withYamlValue(s, at('port'), 'secure')).toBeUndefined();
    expect(withYamlValue(s, at('time'), '03:15')).toBe('  time: "03:15"');
    expect(withYamlValue(s, at('on:'), 'off')).toBe('  on: false');
    expect(withYamlValue(s, at('on:'), 'perhaps')).toBeUndefined();
    expect(lineFromLabel(s, pick(s, 'port'), 'web.port: 465')).toBeUndefined();
  });

  test('whatever is written into a cell, the record has as many cells as before', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), fc.constantFrom(',', ';', '\t'), (value, delimiter) => {
        const text = value.replaceAll(/[\r\n]/g, ' ');
        const line = ['a', csvCell(text, delimiter, false), 'c'].join(delimiter);
        expect(csvCells(line, delimiter, [])?.map((c) => c.value)).toEqual(['a', text, 'c']);
      }),
    );
  });

  test('a bar inside a cell parts nothing', () => {
    expect(pipeCells('| a \\| b | c |', []).map((c) => c.value)).toEqual(['a \\| b', 'c']);
  });
});

test.each([
  ['3. ', '4. '],
  ['  - ', '  - '],
  ['六、', '七、'],
  ['- [x] ', '- [ ] '],
  ['十、', '十一、'],
])('after the marker "%s" comes "%s"', (last, next) => {
  expect(nextPrefix(last)).toBe(next);
});
