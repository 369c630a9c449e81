import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DocBox } from '../support/doc-box.ts';
import { person } from '../support/mini-door.ts';
import { refusedWith } from '../support/refusal.ts';

let box: DocBox;
beforeEach(async () => {
  box = await DocBox.open();
  for (const name of ['a', 'b', 'c']) await box.write(`${name}.md`, `${name} one\n${name} two\n`);
  await box.addWorkspace();
});
afterEach(() => box.destroy());

const edit = (name: string, base: number, ...verbs: object[]) => ({ path: `office/${name}.md`, base, verbs });

describe('several documents in one edit', () => {
  it('change together, in one call that one undo takes back', async () => {
    const edits = ['a', 'b', 'c'].map((name) => edit(name, 1, { set: '1', text: [`${name} ONE`] }));
    const made = await box.invoke('doc.edit', { edits, note: 'together' });
    const { versions } = made.output as { versions: { path: string; version: number }[] };
    expect(versions.map((v) => [v.path, v.version])).toEqual(edits.map((e) => [e.path, 2]));
    for (const name of ['a', 'b', 'c']) expect(await box.file(`${name}.md`)).toBe(`${name} ONE\n${name} two\n`);
    expect(made.undo).toMatchObject({ operation: 'doc.undo' });
    await box.call('doc.undo', made.undo!.input);
    for (const name of ['a', 'b', 'c']) expect(await box.file(`${name}.md`)).toBe(`${name} one\n${name} two\n`);
  });

  it('are all refused if one of them cannot be done, and the error names that one', async () => {
    const good = edit('a', 1, { set: '1', text: ['x'] });
    const cases: [object, string][] = [
      [edit('b', 1, { set: '9', text: ['x'] }), 'DOC_LINE_UNKNOWN'],
      [edit('b', 1, { set: '1', text: ['x'], was: 'nowhere' }), 'DOC_GUARD_FAILED'],
      [edit('b', 1, { set: '1', text: ['b one'] }), 'DOC_NO_CHANGE'],
      [edit('b', 1, { set: '1', text: ['x\ny'] }), 'DOC_VERB_INVALID'],
      [edit('b', 1, { sub: { find: 'b', replace: 'x' } }), 'DOC_AMBIGUOUS'],
      [edit('b', 4, { cut: '1' }), 'DOC_VERSION_UNKNOWN'],
    ];
    for (const [bad, code] of cases) {
      const refused = await refusedWith(box.call('doc.edit', { edits: [good, bad] }));
      expect([refused.code, refused.details['path']]).toEqual([code, 'office/b.md']);
      expect(await box.text('office/a.md')).toBe('a one\na two');
    }
    const missing = await refusedWith(box.call('doc.edit', { edits: [good, edit('nope', 1, { cut: '1' })] }));
    expect(missing).toMatchObject({ code: 'DOC_NOT_FOUND', details: { path: 'office/nope.md' } });
  });

  it('are all refused if another edit of one of them came first', async () => {
    const both = (word: string) => ({
      edits: ['a', 'b'].map((name) => edit(name, 1, { set: '1', text: [`${name} ${word}`] })),
    });
    const [first, second] = await Promise.all([
      refusedWith(box.call('doc.edit', { path: 'office/b.md', base: 1, verbs: [{ set: '1', text: ['b first'] }] })),
      refusedWith(box.call('doc.edit', both('both'))),
    ]);
    expect([first.code, second.code].sort()).toEqual(['DOC_STALE_TARGET', 'accepted']);
    const texts = [await box.text('office/a.md'), await box.text('office/b.md')];
    expect(texts).toEqual(
      second.code === 'accepted' ? ['a both\na two', 'b both\nb two'] : ['a one\na two', 'b first\nb two'],
    );
  });

  it('show every hunk in a dry run, and change nothing', async () => {
    const edits = ['a', 'b'].map((name) => edit(name, 1, { cut: '2' }));
    const { plan } = await box.invoke('doc.edit', { edits }, person(), true);
    const documents = plan?.['documents'] as { path: string; diff: string }[];
    expect(documents.map((d) => [d.path, d.diff.includes('-a two') || d.diff.includes('-b two')])).toEqual([
      ['office/a.md', true],
      ['office/b.md', true],
    ]);
    expect(await box.text('office/a.md')).toBe('a one\na two');
  });

  it('name each document once, and either one document or several', async () => {
    for (const input of [
      { edits: [edit('a', 1, { cut: '1' }), edit('a', 1, { cut: '2' })] },
      { ...edit('a', 1, { cut: '1' }), edits: [edit('b', 1, { cut: '1' })] },
      { path: 'office/a.md', base: 1 },
      {},
    ]) {
      expect(await refusedWith(box.call('doc.edit', input))).toMatchObject({ code: 'INPUT_INVALID' });
    }
  });
});

describe('a text that stops being well-formed', () => {
  it('is said with the success, only when it was well-formed before', async () => {
    const parses = async (path: string, bytes: Uint8Array): Promise<{ message: string; line: number } | undefined> => {
      if (!path.endsWith('.json')) return undefined;
      try {
        JSON.parse(Buffer.from(bytes).toString('utf8'));
        return undefined;
      } catch (error) {
        return { message: String(error), line: 1 };
      }
    };
    const own = await DocBox.open({ checkSyntax: parses });
    try {
      await own.write('a.json', '{\n"a": 1\n}\n');
      await own.addWorkspace();
      const cut = (base: number, line: string) =>
        own.call<{ version: number; advisory?: unknown }>('doc.edit', {
          path: 'office/a.json',
          base,
          verbs: [{ cut: line }],
        });
      const broken = await cut(1, '3');
      expect(broken).toMatchObject({ version: 2, advisory: { code: 'PARSE_ADVISORY', line: 1 } });
      expect((await cut(2, '1')).advisory).toBeUndefined();
    } finally {
      await own.destroy();
    }
  });
});

describe('errors carry what the next try needs', () => {
  it('an edit of nothing shows the lines that are equal already', async () => {
    const same = edit('a', 1, { set: '2', text: ['a two'] });
    expect(await refusedWith(box.call('doc.edit', same))).toMatchObject({
      code: 'DOC_NO_CHANGE',
      details: { version: 1, lines: [{ n: 2, text: 'a two' }] },
    });
  });

  it('a stale edit shows what was there and what is there now', async () => {
    await box.call('doc.edit', edit('a', 1, { put: '>0', text: ['top'] }, { set: '2', text: ['a 2'] }));
    const stale = await refusedWith(box.call('doc.edit', edit('a', 1, { set: '2', text: ['late'] })));
    expect(stale).toMatchObject({
      code: 'DOC_STALE_TARGET',
      details: { was: [{ n: 2, text: 'a two' }], current: [{ n: 3, text: 'a 2' }] },
    });
  });

  it('a rewrite that is too broad names the sections to take one by one', async () => {
    const part = (n: number) => `## Part ${n}\n${'words\n'.repeat(99)}`;
    await box.write('long.md', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(part).join(''));
    const broad = await refusedWith(
      box.call('doc.rewrite', { path: 'office/long.md', base: 1, from: 1, to: 450, text: 'short' }),
    );
    expect(broad).toMatchObject({ code: 'DOC_TOO_BROAD', details: { lines: 450, limit: 200 } });
    expect(broad.details['sections']).toEqual([
      { from: 1, to: 200, title: 'Part 1' },
      { from: 201, to: 400, title: 'Part 3' },
      { from: 401, to: 450, title: 'Part 5' },
    ]);
  });
});
