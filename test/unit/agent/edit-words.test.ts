import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { slotByClause, slotsFor } from '../../../src/agent/edit/clauses.ts';
import { doubtsAbout } from '../../../src/agent/edit/guards.ts';
import { cueOf, isQuestion } from '../../../src/agent/edit/intent.ts';
import { asPhrase, asTyped } from '../../../src/agent/edit/new-line.ts';
import { insertedText, piecesOf, spansOf, wordChange } from '../../../src/agent/edit/spans.ts';
import { stem, terms } from '../../../src/agent/edit/terms.ts';
import { valuesOf, withoutValues } from '../../../src/agent/edit/values.ts';

const anyText = fc.string({ unit: 'grapheme', maxLength: 60 });

describe('words', () => {
  test('forms of one word meet', () => {
    expect(new Set(['meeting', 'meetings', 'meets'].map(stem)).size).toBe(1);
    expect(stem('policies')).toBe(stem('policy'));
    expect(stem('costs')).toBe(stem('cost'));
  });

  test('numbers keep their value whatever their commas', () => {
    expect(terms('86,000')).toEqual(terms('86000'));
    expect(terms('08')).toEqual(terms('8'));
  });

  test('the pieces of a text are the text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(piecesOf(text).join('')).toBe(text);
      }),
    );
  });

  test('a span stands exactly once in its line', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const span of spansOf(text)) expect(text.split(span).length).toBe(2);
      }),
    );
  });

  test('what was struck out and written in gives the new text its pieces', () => {
    fc.assert(
      fc.property(anyText, anyText, (before, after) => {
        const { removed, inserted } = wordChange(before, after);
        const kept = piecesOf(before).length - removed.length;
        expect(kept + inserted.length).toBe(piecesOf(after).length);
      }),
    );
    expect(insertedText('every Tuesday at 14:00', 'every Thursday at 14:00')).toBe('Thursday');
  });
});

describe('values', () => {
  const keys = (text: string) => valuesOf(text).map((v) => v.key);

  test.each([
    ['until 13:30 on Tuesday', ['time', 'weekday']],
    ['月租金为 86,000 元,15 日内退还', ['money', 'number:day']],
    ['7 个工作日', ['number:workday']],
    ['at least 10 working days', ['number:workday']],
    ['on the 2nd floor', ['floor']],
    ['二楼会议室', ['floor']],
    ['电话 0571-88001234', ['phone']],
    ['write to it@example.com', ['email']],
    ['2026 年 3 月 9 日', ['date']],
    ['由 0.05% 调整', ['percent']],
    ['10.20.3.11', ['address']],
  ])('%s', (text, expected) => {
    expect(keys(text)).toEqual(expected);
  });

  test('every value is a piece of its text, and they never overlap', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        let end = 0;
        for (const value of valuesOf(text)) {
          expect(text.slice(value.start, value.end)).toBe(value.text);
          expect(value.start).toBeGreaterThanOrEqual(end);
          end = value.end;
        }
      }),
    );
  });

  test('without its values an instruction says where, not what', () => {
    expect(terms(withoutValues('Move the printer to the 3rd floor'))).not.toContain('floor');
  });

  test('of two prices the words pick the one they stand beside', () => {
    const line = 'Lunch: two menus, 6.90 EUR with meat, 5.80 EUR vegetarian.';
    const wish = 'The vegetarian menu costs 6.20 EUR';
    expect(slotByClause(line, slotsFor(line, wish), wish)?.text).toBe('5.80 EUR');
    expect(slotByClause(line, slotsFor(line, 'It costs 6.20 EUR'), 'It costs 6.20 EUR')).toBeUndefined();
  });
});

describe('intent', () => {
  test.each([
    ['Delete the line about overtime', 'delete'],
    ['删掉第三条', 'delete'],
    ['Add milk to the list', 'add'],
    ['加一条待办:买牛奶', 'add'],
    ['增加到 3 名', 'change'],
    ['Drop the price to 30', 'change'],
    ['把通知期改成 60 天', 'change'],
    ['What is the notice period?', 'question'],
    ['会议几点开始?', 'question'],
  ])('%s', (text, expected) => {
    expect(cueOf(text)).toBe(expected);
  });

  test('an order is never taken for a question', () => {
    expect(isQuestion('The review meeting moves to Thursday.')).toBe(false);
  });

  test('the text to add is what the person typed', () => {
    expect(asTyped('Add to the notes: buy milk')).toBe('buy milk');
    expect(asTyped('The lunch ends at 13:00')).toBeUndefined();
    expect(asPhrase('Add oranges to the shopping list.')).toBe('oranges');
    expect(asPhrase('在名单里加上何静')).toBe('何静');
  });
});

describe('doubts about a new line', () => {
  const before = 'The review meeting takes place every Tuesday at 14:00 in room 3.02';
  const wish = 'The review meeting moves to Thursday.';

  test('the smallest right change raises none', () => {
    expect(doubtsAbout(before, before.replace('Tuesday', 'Thursday'), wish)).toEqual([]);
  });

  test.each([
    ['the instruction itself', wish, 'too-much'],
    ['a lost time', 'The review meeting takes place every Thursday in room 3.02', 'lost-words'],
    ['an invented room', before.replace('Tuesday', 'Thursday').replace('3.02', '4.17'), 'invented-words'],
    ['no change', before, 'nothing-changed'],
    ['another day than the one asked for', before.replace('Tuesday', 'Friday'), 'value-missing'],
    ['something only added', `${before}, the review meeting moves to Thursday`, 'only-added'],
  ])('%s raises one', (_, after, doubt) => {
    expect(doubtsAbout(before, after, wish)).toContain(doubt);
  });

  test('the other price of the line raises one', () => {
    const line = 'Lunch: two menus, 6.90 EUR with meat, 5.80 EUR vegetarian.';
    const after = line.replace('6.90', '6.20');
    expect(doubtsAbout(line, after, 'The vegetarian menu costs 6.20 EUR')).toContain('other-clause');
  });
});
