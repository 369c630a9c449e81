import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isJinguError, type Reader } from '../../src/common/index.ts';
import { verifyFile, verifyHistory } from '../../src/realdoc/history/verify.ts';
import { everyDocumentBelow } from '../../src/realdoc/operations/below.ts';
import { DocBox } from '../support/doc-box.ts';
import { agentFor, person } from '../support/mini-door.ts';
import { diceFrom } from '../support/random.ts';

let box: DocBox;
beforeEach(async () => {
  box = await DocBox.open();
});
afterEach(() => box.destroy());

describe('history', () => {
  it('every one of six hundred versions reads back as it was, from memory and from a fresh start', async () => {
    const random = diceFrom(42);
    const lines = Array.from({ length: 400 }, (_, i) => `line ${i} ${'é天x'.repeat(i % 5)}`);
    await box.write('a.txt', `${lines.join('\n')}\n`);
    await box.addWorkspace();
    const texts = ['', `${lines.join('\n')}\n`];
    for (let version = 1; version < 600; version++) {
      const at = random(lines.length);
      const kind = lines.length < 50 ? 0 : random(3);
      const word = `v${version} ${random(1000)}`;
      const verb =
        kind === 0
          ? { put: `>${at + 1}`, text: [word] }
          : kind === 1
            ? { set: `${at + 1}`, text: [word] }
            : { cut: `${at + 1}` };
      if (kind === 0) lines.splice(at + 1, 0, word);
      else if (kind === 1) lines[at] = word;
      else lines.splice(at, 1);
      await box.call('doc.edit', { path: 'office/a.txt', base: version, verbs: [verb] });
      texts.push(`${lines.join('\n')}\n`);
    }
    const check = async (step: number): Promise<void> => {
      const file = await box.room.locate('office/a.txt');
      for (let version = 1; version <= 600; version += step) {
        expect(box.room.documents.at(file, version).toBuffer().toString()).toBe(texts[version]);
      }
    };
    await check(7);
    await box.room.settled();
    expect(box.store.all('SELECT v FROM doc_tree ORDER BY v')).toEqual([{ v: 1 }, { v: 256 }, { v: 512 }]);
    await box.close();
    box = await DocBox.open({ base: box.base });
    await check(13);
    const { ok, versions } = await box.call<{ ok: boolean; versions: number }>('doc.verify', {
      path: 'office',
      full: true,
    });
    expect([ok, versions]).toEqual([true, 600]);
  });

  it('a large text is stored in small steps, and what a crash in the middle leaves is swept', async () => {
    const text = Array.from({ length: 60_000 }, (_, i) => `${i} ${'word '.repeat(i % 13)}`).join('\n');
    await box.write('big.txt', text);
    await box.addWorkspace();
    const { total } = await box.call<{ total: number }>('doc.read', { path: 'office/big.txt', from: 59_999 });
    expect(total).toBe(60_000);
    const leaves = (): number => box.store.get<{ n: number }>('SELECT count(*) AS n FROM doc_leaf')!.n;
    const sound = leaves();
    await box.store.write((tx) => {
      const job = tx.run("INSERT INTO doc_job (kind, file, state, ts) VALUES ('leaves', NULL, 'running', 0)").lastId;
      for (let i = 0; i < 700; i++)
        tx.run("INSERT INTO doc_leaf (job, bytes, sha256, z) VALUES (?, 1, x'00', x'00')", job);
    });
    await box.close();
    box = await DocBox.open({ base: box.base });
    await box.room.settled();
    expect(leaves()).toBe(sound);
    expect(box.store.all("SELECT * FROM doc_job WHERE state = 'running'")).toEqual([]);
    const made = await box.call<{ version: number }>('doc.edit', {
      path: 'office/big.txt',
      base: 1,
      verbs: [{ cut: '59999' }],
    });
    expect(made.version).toBe(2);
  });

  it('verify finds a changed splice, a changed note, a removed version and a changed stored text', async () => {
    await box.write('a.md', 'one\ntwo\n');
    await box.addWorkspace();
    await box.call('doc.edit', { path: 'office/a.md', base: 1, verbs: [{ set: '1', text: ['ONE'] }], note: 'mine' });
    await box.call('doc.edit', { path: 'office/a.md', base: 2, verbs: [{ set: '2', text: ['TWO'] }] });
    await box.room.settled();
    await box.close();
    const path = join(box.base, 'data', 'jingu.db');
    const original = await readFile(path);
    const attacks: [string, string][] = [
      ["UPDATE doc_op SET note = 'not mine' WHERE v = 2", 'the digest does not fit what is stored'],
      ["UPDATE doc_word SET text = replace(text, 'person_lin', 'person_wu')", 'the digest does not fit what is stored'],
      [
        'UPDATE doc_op SET splices = (SELECT splices FROM doc_op WHERE v = 2) WHERE v = 3',
        'the digest does not fit what is stored',
      ],
      ['DELETE FROM doc_op WHERE v = 2', 'a version is missing'],
      ['DELETE FROM doc_op WHERE v = 3', 'the log ends at version 2'],
      ["UPDATE doc_leaf SET z = (SELECT z FROM doc_leaf LIMIT 1), sha256 = x'00'", 'leaf 1 is not what was stored'],
    ];
    for (const [sql, problem] of attacks) {
      await writeFile(path, original);
      const db = new BetterSqlite(path);
      db.exec(sql);
      db.close();
      box = await DocBox.open({ base: box.base });
      const found = await box.call<{ ok: boolean; problems: { problem: string }[] }>('doc.verify', {
        path: 'office',
        full: true,
      });
      expect([sql, found.ok, found.problems.map((p) => p.problem)]).toEqual([
        sql,
        false,
        expect.arrayContaining([problem]),
      ]);
      await box.close();
    }
    await writeFile(path, original);
    box = await DocBox.open({ base: box.base });
    await writeFile(join(box.root, 'a.md'), 'not taken in yet\n');
    const file = await box.room.locate('office/a.md', { look: false });
    expect(await verifyFile(box.store, file)).toMatchObject([{ problem: 'the file on the share differs' }]);
  });

  it('verify of a document that is edited, moved and written meanwhile finds nothing', async () => {
    const verb = (text: string) => [{ set: '1', text: [text] }];
    await box.write('a.md', 'one\n');
    await box.write('b.md', 'one\n');
    await box.addWorkspace();
    const file = await box.room.locate('office/a.md');
    await box.call('doc.edit', { path: 'office/a.md', base: 1, verbs: verb('two') });
    await box.room.settled();
    expect(await verifyHistory(box.store, box.room.leaves, file, true)).toEqual([]);
    // As it is when the file is read by the one who asks, and as it was a moment before.
    let asked = 0;
    const get = (sql: string, ...values: never[]): unknown => {
      const row = box.store.get<Record<string, string>>(sql, ...values);
      if (!row?.['signature'] || asked++ > 0) return row;
      return { ...row, v: 1, signature: row['signature'].replace(/"sha256":"[0-9a-f]+"/, '"sha256":"0"') };
    };
    const reader = { get, all: box.store.all.bind(box.store) } as unknown as Reader;
    expect(await verifyFile(reader, file)).toEqual([]);
    expect(asked).toBeGreaterThan(1);
    await rename(join(box.root, 'a.md'), join(box.root, 'c.md'));
    await box.room.scan(box.room.workspace('office'));
    expect(await verifyFile(box.store, file)).toEqual([]);
    const heads: number[] = [];
    for await (const one of everyDocumentBelow(box.room, box.store, 'office', () => true)) {
      heads.push(one.head);
      await box.call('doc.edit', { path: 'office/c.md', base: 3, verbs: verb('three') }).catch(() => undefined);
    }
    expect(heads).toEqual([1, 4]);
  });

  it('verify finds a version that was hidden by setting the document back', async () => {
    await box.write('a.md', 'one\n');
    await box.addWorkspace();
    const { digest } = box.store.get<{ digest: string }>('SELECT digest FROM doc_file')!;
    await box.call('doc.edit', { path: 'office/a.md', base: 1, verbs: [{ set: '1', text: ['two'] }] });
    await box.room.settled();
    await box.store.write((tx) => tx.run('UPDATE doc_file SET head = 1, digest = ?', digest));
    const { problems } = await box.call<{ problems: { problem: string }[] }>('doc.verify', { path: 'office/a.md' });
    expect(problems.map((one) => one.problem)).toContain('the log goes on after its last version');
  });

  it('blame names the version, the person and the agent of each line', async () => {
    await box.write('a.md', 'a\nb\nc\nd\n');
    await box.addWorkspace();
    await box.call(
      'doc.edit',
      { path: 'office/a.md', base: 1, verbs: [{ sub: { line: 2, find: 'b', replace: 'B' } }] },
      person('person_wu'),
    );
    await box.call('doc.read', { path: 'office/a.md' }, agentFor('task_x'));
    await box.call(
      'doc.edit',
      { path: 'office/a.md', base: 2, verbs: [{ put: '<1', text: ['top'] }, { cut: '3' }] },
      agentFor('task_x'),
    );
    const { lines } = await box.call<{ lines: Record<string, unknown>[] }>('doc.blame', { path: 'office/a.md' });
    expect(lines.map((l) => [l['line'], l['version'], l['personId'], l['taskId']])).toEqual([
      [1, 3, 'person_lin', 'task_x'],
      [2, 1, null, null],
      [3, 2, 'person_wu', null],
      [4, 1, null, null],
    ]);
  });

  it('tags and times name versions', async () => {
    await box.write('a.md', 'a\n');
    await box.addWorkspace();
    await box.call('doc.tag', { path: 'office/a.md', name: 'signed' });
    const between = new Date(Date.now() + 1).toISOString();
    await new Promise<void>((resolve) => {
      const wait = (): unknown => (new Date().toISOString() > between ? resolve() : setImmediate(wait));
      wait();
    });
    await box.call('doc.edit', { path: 'office/a.md', base: 1, verbs: [{ set: '1', text: ['b'] }] });
    expect(await box.text('office/a.md', 'signed')).toBe('a');
    expect(await box.text('office/a.md', between)).toBe('a');
    await box.call('doc.rollback', { path: 'office/a.md', to: 'signed' });
    expect(await box.file('a.md')).toBe('a\n');
    const again = await box.call('doc.tag', { path: 'office/a.md', name: 'signed' }).catch((e: unknown) => e);
    expect(isJinguError(again) && again.code).toBe('DOC_TAG_EXISTS');
    const unknown = await box.call('doc.read', { path: 'office/a.md', at: 'v99' }).catch((e: unknown) => e);
    expect(isJinguError(unknown) && unknown.details).toMatchObject({ head: 3 });
  });
});

describe('taking back, against an independent model', () => {
  it('random edits of several tasks: undoing one task removes exactly its lines, or is refused; all undone is the first text', async () => {
    await box.addWorkspace();
    for (const seed of [3, 5, 8, 13, 21, 34]) {
      const random = diceFrom(seed);
      const path = `office/s${seed}.txt`;
      // The model: each line knows which task put it in; edits only add lines of their own and cut lines of their own.
      let model = Array.from({ length: 12 }, (_, i) => ({ text: `base ${i}`, task: '' }));
      const first = model.map((l) => l.text).join('\n');
      await box.write(`s${seed}.txt`, `${first}\n`);
      let version = 1;
      for (let i = 0; i < 25; i++) {
        const task = `task_${seed}_${random(3)}`;
        const mine = model.flatMap((l, n) => (l.task === task ? [n] : []));
        const at = random(model.length);
        const cut = mine.length > 0 && random(4) === 0 ? mine[random(mine.length)]! : undefined;
        const verb = cut === undefined ? { put: `>${at + 1}`, text: [`${task} ${i}`] } : { cut: `${cut + 1}` };
        await box.call('doc.read', { path }, agentFor(task));
        ({ version } = await box.call<{ version: number }>(
          'doc.edit',
          { path, base: version, verbs: [verb] },
          agentFor(task),
        ));
        if (cut === undefined)
          model = [...model.slice(0, at + 1), { text: `${task} ${i}`, task }, ...model.slice(at + 1)];
        else model = model.toSpliced(cut, 1);
      }
      expect(await box.text(path)).toBe(model.map((l) => l.text).join('\n'));
      for (const n of [1, 0, 2]) {
        const task = `task_${seed}_${n}`;
        await box.call('doc.undo', { task });
        model = model.filter((l) => l.task !== task);
        expect(await box.text(path)).toBe(model.map((l) => l.text).join('\n'));
      }
      expect(await box.file(`s${seed}.txt`)).toBe(`${first}\n`);
    }
  });

  it('undo again and again walks back to the first text, redo walks forward again', async () => {
    await box.write('a.txt', '0\n');
    await box.addWorkspace();
    for (let i = 1; i <= 6; i++)
      await box.call('doc.edit', { path: 'office/a.txt', base: i, verbs: [{ set: '1', text: [`${i}`] }] });
    for (let i = 5; i >= 0; i--) {
      await box.call('doc.undo', { path: 'office/a.txt' });
      expect(await box.text('office/a.txt')).toBe(`${i}`);
    }
    const none = await box.call('doc.undo', { path: 'office/a.txt' }).catch((e: unknown) => e);
    expect(isJinguError(none) && none.code).toBe('DOC_NOTHING_TO_UNDO');
    for (let i = 1; i <= 6; i++) {
      await box.call('doc.redo', { path: 'office/a.txt' });
      expect(await box.text('office/a.txt')).toBe(`${i}`);
    }
    const done = await box.call('doc.redo', { path: 'office/a.txt' }).catch((e: unknown) => e);
    expect(isJinguError(done) && done.code).toBe('DOC_NOTHING_TO_UNDO');
  });
});

describe('finding the place', () => {
  beforeEach(async () => {
    await box.write(
      'handbook.md',
      '# Handbook\n\n## Canteen\n- Lunch: 11:30 to 12:30\n- Coffee: 2 CNY\n\n## Leave\n- Notice: 30 days\n',
    );
    await box.write('sub/prices.csv', 'item,price\ncoffee,2\ntea,3\n');
    await box.addWorkspace();
  });

  it('find looks through a document, a folder or a workspace, the exact words first', async () => {
    const find = async (path: string, words: string): Promise<string[]> => {
      const { candidates } = await box.call<{ candidates: { path: string; line: number }[] }>('doc.find', {
        path,
        words,
      });
      return candidates.map((c) => `${c.path}:${c.line}`);
    };
    expect((await find('office', 'Coffee: 2'))[0]).toBe('office/handbook.md:5');
    expect(await find('office/sub', 'coffee')).toEqual(['office/sub/prices.csv:2']);
    expect(await find('office/handbook.md', 'notice')).toEqual(['office/handbook.md:8']);
    expect(await find('office', 'nothing like it')).toEqual([]);
  });

  it('candidates, outline and spans come with the version to edit against', async () => {
    const found = await box.call<{ version: number; candidates: unknown[]; spans: string[] }>('doc.candidates', {
      path: 'office/handbook.md',
      query: 'Lunch now ends at 13:00.',
      spansOf: 4,
    });
    expect(found.version).toBe(1);
    expect(found.candidates).toEqual([
      { ref: 1, line: 4, prefix: '- ', text: 'Lunch: 11:30 to 12:30' },
      { ref: 2, line: 5, prefix: '- ', text: 'Coffee: 2 CNY' },
      { ref: 3, line: 8, prefix: '- ', text: 'Notice: 30 days' },
    ]);
    expect(found.spans).toContain('12:30');
    const { entries } = await box.call<{ entries: { title: string }[] }>('doc.outline', { path: 'office/handbook.md' });
    expect(entries.map((e) => e.title)).toEqual(['Handbook', 'Canteen', 'Leave']);
  });

  it('a rewrite becomes the smallest change and keeps its limits', async () => {
    const text = '- Lunch: 11:30 to 13:00\n- Coffee: 2 CNY';
    const made = await box.call('doc.rewrite', { path: 'office/handbook.md', base: 1, from: 4, to: 5, text });
    expect(made).toMatchObject({ version: 2, added: 1, removed: 1 });
    await box.write('long.txt', 'x\n'.repeat(1000));
    const broad = await box
      .call('doc.rewrite', { path: 'office/long.txt', base: 1, from: 1, to: 250, text: 'y' })
      .catch((e: unknown) => e);
    expect(isJinguError(broad) && broad.code).toBe('DOC_TOO_BROAD');
    const same = await box
      .call('doc.rewrite', { path: 'office/handbook.md', base: 2, from: 4, to: 5, text })
      .catch((e: unknown) => e);
    expect(isJinguError(same) && same.code).toBe('DOC_NO_CHANGE');
  });
});

describe('workspaces', () => {
  it('a removed workspace keeps its history and has it again when it is added again', async () => {
    await box.write('a.md', 'a\n');
    await box.addWorkspace();
    await box.call('doc.edit', { path: 'office/a.md', base: 1, verbs: [{ set: '1', text: ['b'] }] });
    await box.room.settled();
    await box.call('workspace.remove', { name: 'office' });
    const gone = await box.call('doc.read', { path: 'office/a.md' }).catch((e: unknown) => e);
    expect(isJinguError(gone) && gone.code).toBe('DOC_WORKSPACE_NOT_FOUND');
    await writeFile(join(box.root, 'a.md'), 'c\n');
    await box.addWorkspace();
    const { versions } = await box.call<{ versions: { source: string }[] }>('doc.log', { path: 'office/a.md' });
    expect(versions.map((v) => v.source)).toEqual(['import', 'edit', 'import']);
  });
});
