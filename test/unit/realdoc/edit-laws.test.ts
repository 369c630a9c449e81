import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseScript, printScript, type Script } from '../../../src/realdoc/edit/line-form.ts';
import { rebaseAims } from '../../../src/realdoc/edit/rebase.ts';
import { resolveVerbs } from '../../../src/realdoc/edit/resolve.ts';
import type { Verb } from '../../../src/realdoc/edit/verbs.ts';
import { diffBytes } from '../../../src/realdoc/text/diff.ts';
import { mergeChanges } from '../../../src/realdoc/text/merge.ts';
import { applyChange, type Change, invert } from '../../../src/realdoc/text/splice.ts';
import { TextTree } from '../../../src/realdoc/text/tree.ts';
import { DocBox } from '../../support/doc-box.ts';
import { refusedWith } from '../../support/refusal.ts';

const body = fc.constantFrom('', 'same', 'a b', '}', '\ttab', '第一条', 'caf\u00e9');
const end = fc.constantFrom('\n', '\r\n');
const text = fc
  .tuple(fc.array(fc.tuple(body, end), { minLength: 2, maxLength: 12 }), fc.boolean())
  .map(([lines, isOpen]) => {
    const whole = lines.map(([b, e]) => b + e).join('');
    return Buffer.from(isOpen ? `${whole}open` : whole);
  });
const fresh = fc.array(fc.constantFrom('new', 'same', '', 'x y'), { minLength: 1, maxLength: 3 });

function verbAt(line: number, kind: number, words: string[]): Verb {
  if (kind === 0) return { set: `${line}`, text: words };
  if (kind === 1) return { cut: `${line}` };
  return { put: kind === 2 ? `>${line}` : `<${line}`, text: words };
}

function changeOf(bytes: Buffer, verbs: Verb[], net: Change = []): Change {
  const tree = TextTree.of(bytes);
  const result = rebaseAims(resolveVerbs({ path: 'w/a', version: 1, tree }, verbs), tree, net);
  if ('stale' in result) throw new Error('stale');
  return result.change;
}

describe('laws of edits', () => {
  it('the inverse of an edit restores every byte', () => {
    fc.assert(
      fc.property(text, fc.nat(100), fc.nat(3), fresh, (bytes, at, kind, words) => {
        const line = (at % TextTree.of(bytes).lines) + 1;
        const change = changeOf(bytes, [verbAt(line, kind, words)]);
        const after = applyChange(bytes, change);
        expect(Buffer.from(applyChange(after, invert(change)))).toEqual(bytes);
        expect(invert(invert(change))).toEqual(change);
      }),
      { numRuns: 500 },
    );
  });

  it('edits of different lines give the same text in either order', () => {
    fc.assert(
      fc.property(
        text,
        fc.nat(100),
        fc.nat(100),
        fc.nat(1),
        fc.nat(1),
        fresh,
        fresh,
        (bytes, at, other, k1, k2, w1, w2) => {
          const lines = TextTree.of(bytes).lines;
          const a = (at % lines) + 1;
          const b = (other % lines) + 1;
          fc.pre(a !== b);
          // The last line without a line end gives and takes the line end of its neighbour: these two do meet.
          fc.pre(Math.max(a, b) < lines || bytes.at(-1) === 10);
          const first = changeOf(bytes, [verbAt(a, k1, w1)]);
          const second = changeOf(bytes, [verbAt(b, k2, w2)]);
          const one = applyChange(applyChange(bytes, first), changeOf(bytes, [verbAt(b, k2, w2)], first));
          const two = applyChange(applyChange(bytes, second), changeOf(bytes, [verbAt(a, k1, w1)], second));
          expect(Buffer.from(one)).toEqual(Buffer.from(two));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('the same change on both sides is one change and no conflict', () => {
    fc.assert(
      fc.property(text, text, (bytes, after) => {
        const change = diffBytes(bytes, after);
        const tree = TextTree.of(bytes);
        expect(mergeChanges(change, change, (at) => tree.isLineStart(at))).toEqual({ rest: [], conflicts: 0 });
      }),
      { numRuns: 300 },
    );
  });

  it('a script with addresses reads back as it was printed', () => {
    const words = fc.stringMatching(/^[A-Za-z\u4e00-\u9fff][A-Za-z0-9.\u4e00-\u9fff]{0,8}( [A-Za-z0-9.]{1,6}){0,2}$/);
    const address = fc.oneof(
      fc
        .tuple(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 9 }), fc.nat(9))
        .map(([l, f, n]) => `${l}:${f}-${f + n}`),
      fc.integer({ min: 1, max: 99 }).map((n) => `#${n}`),
      words.map((w) => `## ${w}`),
      words.map((w) => `@${w.replaceAll(' ', '_')}`),
      words.map((w) => `/${w.replaceAll(' ', '~1')}/0`),
      fc.constantFrom('B7', 'B7:C9', 'Sheet1!AA10', "'My ''own'' sheet'!A1:B2"),
    );
    const side = fc.constantFrom('>', '<');
    const verb: fc.Arbitrary<Verb> = fc.oneof(
      fc.tuple(address, fresh).map(([set, t]) => ({ set, text: t })),
      address.map((cut) => ({ cut })),
      fc.tuple(side, address, fresh).map(([s, a, t]) => ({ put: s + a, text: t })),
      fc.tuple(address, side, fc.integer({ min: 1, max: 99 })).map(([move, s, n]) => ({ move, to: `${s}${n}` })),
      fc
        .tuple(address, fc.string({ minLength: 1, maxLength: 9 }), fc.string({ maxLength: 9 }))
        .map(([range, find, replace]) => ({
          sub: { range, find, replace },
        })),
    );
    fc.assert(
      fc.property(fc.array(verb, { minLength: 1, maxLength: 4 }), (verbs) => {
        const script: Script = { verbs };
        expect(parseScript(printScript(script))).toEqual(script);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a document over a whole box', () => {
  let box: DocBox;
  let made = 0;
  beforeAll(async () => {
    box = await DocBox.open();
    await box.addWorkspace();
  });
  afterAll(() => box.destroy());

  async function document(content: string, ending = 'txt'): Promise<string> {
    const name = `d${made++}.${ending}`;
    await box.write(name, content);
    await box.call('doc.read', { path: `office/${name}` });
    return `office/${name}`;
  }

  it('random scripts of edit, undo, redo and rollback give what a model gives that keeps every text', async () => {
    const step = fc.record({ kind: fc.constantFrom('edit', 'edit', 'undo', 'redo', 'rollback'), at: fc.nat(1000) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 20 }), async (steps) => {
        const path = await document('a\nsame\nsame\nb\n');
        const texts = ['a\nsame\nsame\nb'];
        const undo: string[] = [];
        const redo: string[] = [];
        for (const [i, { kind, at }] of steps.entries()) {
          const now = texts.at(-1)!;
          let next = now;
          if (kind === 'edit') {
            const lines = now.split('\n');
            lines[at % lines.length] = `n${i}`;
            next = lines.join('\n');
            await box.call('doc.edit', {
              path,
              base: texts.length,
              verbs: [{ set: `${(at % lines.length) + 1}`, text: [`n${i}`] }],
            });
          } else if (kind === 'rollback') {
            const to = (at % texts.length) + 1;
            next = texts[to - 1]!;
            if ((await refusedWith(box.call('doc.rollback', { path, to: `v${to}` }))).code === 'DOC_NO_CHANGE')
              continue;
          } else {
            const stack = kind === 'undo' ? undo : redo;
            const found = stack.pop();
            const { code } = await refusedWith(box.call(`doc.${kind}`, { path }));
            expect(code).toBe(found === undefined ? 'DOC_NOTHING_TO_UNDO' : 'accepted');
            if (found === undefined) continue;
            next = found;
            (kind === 'undo' ? redo : undo).push(now);
          }
          if (kind === 'edit' || kind === 'rollback') {
            undo.push(now);
            redo.length = 0;
          }
          texts.push(next);
          expect(await box.text(path)).toBe(next);
        }
        for (const [i, t] of texts.entries()) expect(await box.text(path, `v${i + 1}`)).toBe(t);
      }),
      { numRuns: 12 },
    );
  });

  describe('what other editors are known to get wrong', () => {
    it('tabs behind echoed line numbers stay tabs', async () => {
      const path = await document('if x:\n\told()\n\treturn\n', 'py');
      await box.call('doc.edit', { path, base: 1, verbs: [{ set: '2-3', text: ['2|\tfresh()', '3|\treturn 1'] }] });
      expect(await box.file(path.slice(7))).toBe('if x:\n\tfresh()\n\treturn 1\n');
    });

    it('CRLF is no reason not to find a line, and stays CRLF', async () => {
      const path = await document('one\r\ntwo\r\nthree\r\n');
      await box.call('doc.edit', { path, base: 1, verbs: [{ set: '2', text: ['TWO'], was: 'two' }] });
      await box.call('doc.edit', { path, base: 2, verbs: [{ sub: { find: 'three', replace: '3' } }] });
      expect(await box.file(path.slice(7))).toBe('one\r\nTWO\r\n3\r\n');
    });

    it('a file that was only touched or saved again as it was is not "modified since read"', async () => {
      const path = await document('one\ntwo\n');
      await utimes(join(box.root, path.slice(7)), new Date(), new Date());
      await box.call('doc.edit', { path, base: 1, verbs: [{ set: '1', text: ['ONE'] }] });
      await box.file(path.slice(7));
      await box.write(path.slice(7), 'ONE\ntwo\n');
      const { version } = await box.call<{ version: number }>('doc.edit', {
        path,
        base: 2,
        verbs: [{ set: '2', text: ['TWO'] }],
      });
      expect(version).toBe(3);
    });

    it('after a formatter an edit lands on lines that it left alone, and is refused with the new text elsewhere', async () => {
      const path = await document('a( 1 )\nkeep\nb( 2 )\n', 'js');
      await box.write(path.slice(7), 'a(1)\nkeep\nb(2)\n');
      await box.call('doc.edit', { path, base: 1, verbs: [{ set: '2', text: ['kept'] }] });
      const stale = await refusedWith(box.call('doc.edit', { path, base: 1, verbs: [{ set: '3', text: ['b(3)'] }] }));
      expect(stale).toMatchObject({ code: 'DOC_STALE_TARGET', details: { current: [{ n: 3, text: 'b(2)' }] } });
      expect(await box.file(path.slice(7))).toBe('a(1)\nkept\nb(2)\n');
    });

    it('an old line number never moves on to an equal line', async () => {
      const path = await document('}\nx\n}\n}\n');
      await box.call('doc.edit', { path, base: 1, verbs: [{ cut: '3' }] });
      expect(
        (await refusedWith(box.call('doc.edit', { path, base: 1, verbs: [{ set: '3', text: ['};'] }] }))).code,
      ).toBe('DOC_STALE_TARGET');
      await box.call('doc.edit', { path, base: 1, verbs: [{ set: '4', text: ['};'] }] });
      expect(await box.file(path.slice(7))).toBe('}\nx\n};\n');
    });

    it('a closing brace that is written twice is kept as it was written, never repaired', async () => {
      const path = await document('{\n"a": 1\n}\n', 'json');
      await box.call('doc.edit', { path, base: 1, verbs: [{ set: '2', text: ['"a": 2', '}'] }] });
      expect(await box.file(path.slice(7))).toBe('{\n"a": 2\n}\n}\n');
    });

    it('a SEARCH block, a patch or prose in place of verbs is refused with the line that cannot be read', async () => {
      const path = await document('one\n');
      for (const verbs of [
        '<<<<<<< SEARCH\none\n=======\ntwo\n>>>>>>> REPLACE',
        '*** Begin Patch\n*** Update File: a',
        'Sure! Here is the edit:\nset 1\n+two',
        '```\nset 1\n+two\n```',
      ]) {
        const refused = await refusedWith(box.call('doc.edit', { path, base: 1, verbs }));
        expect(refused).toMatchObject({ code: 'DOC_VERB_INVALID', details: { line: 1, path } });
      }
      expect(await box.file(path.slice(7))).toBe('one\n');
    });

    it('what lies between two edited lines stays byte for byte', async () => {
      const path = await document('f()\n\n// why\r\n\t \ng()\n', 'js');
      await box.call('doc.edit', { path, base: 1, verbs: [{ set: '1', text: ['F()'] }, { cut: '5' }] });
      expect(await box.file(path.slice(7))).toBe('F()\n\n// why\r\n\t \n');
    });
  });
});
