import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isJinguError } from '../../src/common/index.ts';
import { DocBox } from '../support/doc-box.ts';
import { agentFor, person } from '../support/mini-door.ts';

let box: DocBox;
const MINUTES = '# Minutes\n\n- Review meeting: Tuesday\n- Notice: 30 days\n- Lunch: 12:00\n';

beforeEach(async () => {
  box = await DocBox.open();
  await box.write('minutes.md', MINUTES);
  await box.addWorkspace();
});
afterEach(() => box.destroy());

async function codeOf(work: Promise<unknown>): Promise<{ code: string; details: Record<string, unknown> }> {
  try {
    await work;
  } catch (error) {
    if (isJinguError(error)) return { code: error.code, details: error.details };
    throw error;
  }
  return { code: 'none', details: {} };
}

describe('the walk of one edit', () => {
  it('list, read, edit, see the file, diff, undo, redo, and every version stays readable', async () => {
    const { documents } = await box.call<{ documents: { path: string; version: number }[] }>('doc.list', {
      workspace: 'office',
    });
    expect(documents).toMatchObject([{ path: 'office/minutes.md', version: 1 }]);
    const made = await box.call('doc.edit', {
      path: 'office/minutes.md',
      base: 1,
      verbs: [
        { sub: { line: 3, find: 'Tuesday', replace: 'Thursday' } },
        { set: '4', text: ['- Notice: 60 days'], was: '30 days' },
      ],
      note: 'moved',
    });
    expect(made).toMatchObject({ version: 2, added: 2, removed: 2 });
    const after = MINUTES.replace('Tuesday', 'Thursday').replace('30', '60');
    expect(await box.file('minutes.md')).toBe(after);
    const diff = await box.call<{ unified: string; words: unknown }>('doc.diff', {
      path: 'office/minutes.md',
      words: true,
    });
    expect(diff.unified).toContain('-- Notice: 30 days\n');
    expect(diff.unified).toContain('+- Notice: 60 days\n');
    await box.call('doc.undo', { path: 'office/minutes.md' });
    expect(await box.file('minutes.md')).toBe(MINUTES);
    await box.call('doc.redo', { path: 'office/minutes.md' });
    expect(await box.file('minutes.md')).toBe(after);
    expect(`${await box.text('office/minutes.md', 'v1')}\n`).toBe(MINUTES);
    expect(`${await box.text('office/minutes.md', 'v2')}\n`).toBe(after);
    const { versions } = await box.call<{
      versions: { version: number; source: string; undone: boolean; note?: string }[];
    }>('doc.log', { path: 'office/minutes.md' });
    expect(versions.map((v) => [v.version, v.source, v.undone])).toEqual([
      [4, 'redo', false],
      [3, 'undo', true],
      [2, 'edit', false],
      [1, 'import', false],
    ]);
  });

  it('an edit of an older base lands beside later edits, and is refused on top of them with what is needed to try again', async () => {
    await box.call('doc.edit', {
      path: 'office/minutes.md',
      base: 1,
      verbs: [{ put: '<3', text: ['- Opening', '- Roll call'] }],
    });
    const made = await box.call<{ version: number }>('doc.edit', {
      path: 'office/minutes.md',
      base: 1,
      verbs: [{ set: '5', text: ['- Lunch: 13:00'] }],
    });
    expect(made.version).toBe(3);
    expect(await box.file('minutes.md')).toBe(
      '# Minutes\n\n- Opening\n- Roll call\n- Review meeting: Tuesday\n- Notice: 30 days\n- Lunch: 13:00\n',
    );
    const stale = await codeOf(
      box.call('doc.edit', { path: 'office/minutes.md', base: 1, verbs: [{ set: '5', text: ['- Lunch: 14:00'] }] }),
    );
    expect(stale.code).toBe('DOC_STALE_TARGET');
    expect(stale.details).toMatchObject({ version: 3, current: [{ n: 7, text: '- Lunch: 13:00' }] });
  });

  it('of three edits in one commit the two that do not meet land, in whatever order they came', async () => {
    const path = 'office/minutes.md';
    const one = (verb: object) => codeOf(box.call('doc.edit', { path, base: 1, verbs: [verb] }));
    const [set, other, cut] = await Promise.all([
      one({ set: '3', text: ['- Review: Friday'] }),
      one({ set: '5', text: ['- Lunch: 11:45'] }),
      one({ cut: '3' }),
    ]);
    expect(other.code).toBe('none');
    expect([set.code, cut.code].sort()).toEqual(['DOC_STALE_TARGET', 'none']);
    const line = set.code === 'none' ? '- Review: Friday\n' : '';
    expect(await box.file('minutes.md')).toBe(`# Minutes\n\n${line}- Notice: 30 days\n- Lunch: 11:45\n`);
  });

  it('a whole task is taken back over several documents, and later edits of people stay', async () => {
    await box.write('list.csv', 'name,count\npens,3\npaper,10\n');
    await box.room.scan(box.room.workspace('office'));
    const agent = agentFor('task_one');
    for (const path of ['office/minutes.md', 'office/list.csv']) await box.call('doc.read', { path }, agent);
    await box.call(
      'doc.edit',
      { path: 'office/minutes.md', base: 1, verbs: [{ set: '4', text: ['- Notice: 60 days'] }] },
      agent,
    );
    await box.call(
      'doc.edit',
      {
        path: 'office/minutes.md',
        base: 2,
        verbs: [
          { set: '4', text: ['- Notice: 61 days'] },
          { put: '>5', text: ['- Tea'] },
        ],
      },
      agent,
    );
    await box.call(
      'doc.edit',
      { path: 'office/list.csv', base: 1, verbs: [{ sub: { line: 2, find: '3', replace: '4' } }] },
      agent,
    );
    await box.call(
      'doc.edit',
      { path: 'office/minutes.md', base: 3, verbs: [{ set: '3', text: ['- Review: Monday'] }] },
      person(),
    );
    const undone = await box.invoke('doc.undo', { task: 'task_one' });
    expect((undone.output as { versions: unknown[] }).versions).toHaveLength(2);
    expect(await box.file('minutes.md')).toBe(MINUTES.replace('Review meeting: Tuesday', 'Review: Monday'));
    expect(await box.file('list.csv')).toBe('name,count\npens,3\npaper,10\n');
    expect(await codeOf(box.call('doc.undo', { task: 'task_one' }))).toMatchObject({ code: 'DOC_NOTHING_TO_UNDO' });
    await box.call(undone.undo!.operation, undone.undo!.input);
    expect(await box.file('minutes.md')).toContain('- Notice: 61 days');
    expect(await box.file('list.csv')).toContain('pens,4');
    await box.call('doc.undo', { task: 'task_one' });
    expect(await box.file('list.csv')).toContain('pens,3');
    await box.call('doc.redo', { task: 'task_one' });
    expect(await box.file('list.csv')).toContain('pens,4');
  });

  it('an undo that would take a later edit with it is refused, and nothing of the task is undone', async () => {
    await box.write('list.csv', 'name,count\npens,3\n');
    await box.room.scan(box.room.workspace('office'));
    const agent = agentFor('task_two');
    for (const path of ['office/minutes.md', 'office/list.csv']) await box.call('doc.read', { path }, agent);
    await box.call('doc.edit', { path: 'office/list.csv', base: 1, verbs: [{ set: '2', text: ['pens,4'] }] }, agent);
    await box.call(
      'doc.edit',
      { path: 'office/minutes.md', base: 1, verbs: [{ set: '4', text: ['- Notice: 60 days'] }] },
      agent,
    );
    await box.call('doc.edit', {
      path: 'office/minutes.md',
      base: 2,
      verbs: [{ set: '4', text: ['- Notice: 65 days'] }],
    });
    expect(await codeOf(box.call('doc.undo', { task: 'task_two' }))).toMatchObject({ code: 'DOC_CONFLICT' });
    expect(await box.file('list.csv')).toContain('pens,4');
  });

  it('a rollback is a new version with the old bytes, and can itself be undone', async () => {
    await box.call('doc.edit', { path: 'office/minutes.md', base: 1, verbs: [{ cut: '1-2' }] });
    await box.call('doc.edit', { path: 'office/minutes.md', base: 2, verbs: [{ cut: '1' }] });
    await box.call('doc.rollback', { path: 'office/minutes.md', to: 'v1' });
    expect(await box.file('minutes.md')).toBe(MINUTES);
    await box.call('doc.undo', { path: 'office/minutes.md' });
    expect(await box.file('minutes.md')).toBe('- Notice: 30 days\n- Lunch: 12:00\n');
  });

  it('a dry run says what would happen and changes nothing', async () => {
    const { plan } = await box.invoke(
      'doc.edit',
      { path: 'office/minutes.md', base: 1, verbs: 'cut 5' },
      person(),
      true,
    );
    expect(plan?.['diff']).toContain('-- Lunch: 12:00');
    expect(await box.file('minutes.md')).toBe(MINUTES);
  });
});

describe('a person saves the file with another program', () => {
  it('the save is a version, and edits written before it still land', async () => {
    await box.write('minutes.md', MINUTES.replace('# Minutes', '# Minutes of May'));
    const made = await box.call<{ version: number }>('doc.edit', {
      path: 'office/minutes.md',
      base: 1,
      verbs: [{ set: '5', text: ['- Lunch: 13:00'] }],
    });
    expect(made.version).toBe(3);
    expect(await box.file('minutes.md')).toBe(
      MINUTES.replace('# Minutes', '# Minutes of May').replace('12:00', '13:00'),
    );
    const { versions } = await box.call<{ versions: { source: string }[] }>('doc.log', { path: 'office/minutes.md' });
    expect(versions.map((v) => v.source)).toEqual(['edit', 'import', 'import']);
  });
});
