import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isJinguError } from '../../src/common/index.ts';
import type { Caller } from '../../src/protocol/index.ts';
import { DocBox } from '../support/doc-box.ts';
import { agentFor, person } from '../support/mini-door.ts';

const path = 'office/a.md';
let box: DocBox;
beforeEach(async () => {
  box = await DocBox.open();
  await box.write('a.md', Array.from({ length: 40 }, (_, i) => `line ${i + 1}\n`).join(''));
  await box.addWorkspace();
});
afterEach(() => box.destroy());

interface Refused {
  code: string;
  details: Record<string, unknown>;
}

async function edit(caller: Caller, base: number, ...verbs: object[]): Promise<Refused> {
  return await box.call('doc.edit', { path, base, verbs }, caller).then(
    () => ({ code: 'accepted', details: {} }),
    (error: unknown) => {
      if (isJinguError(error)) return error;
      throw error;
    },
  );
}

const token = (): Caller =>
  person('person_lin', { kind: 'token', surface: 'rest', sessionId: 'token_1', deviceId: null });

describe('lines that were never shown', () => {
  it('an agent is given the lines instead of the edit, and the same call then lands', async () => {
    const agent = agentFor('task_1');
    const verbs = [{ cut: '12-14' }];
    const refused = await edit(agent, 1, ...verbs);
    expect(refused.code).toBe('DOC_UNSEEN_RANGE');
    expect(refused.details['lines']).toEqual([12, 13, 14].map((n) => ({ n, text: `line ${n}` })));
    expect(await edit(agentFor('task_2'), 1, ...verbs)).toMatchObject({ code: 'DOC_UNSEEN_RANGE' });
    expect(await edit(agent, 1, ...verbs)).toMatchObject({ code: 'accepted' });
  });

  it('what doc.read, doc.find, doc.candidates and the answer of an edit showed counts, each for its caller', async () => {
    const agent = agentFor('task_1');
    await box.call('doc.read', { path, from: 3, to: 5 }, agent);
    expect(await edit(agent, 1, { set: '4', text: ['four'] })).toMatchObject({ code: 'accepted' });
    // The answer showed two lines on either side.
    expect(await edit(agent, 2, { set: '6', text: ['six'] })).toMatchObject({ code: 'accepted' });
    expect(await edit(agent, 3, { set: '9', text: ['nine'] })).toMatchObject({ code: 'DOC_UNSEEN_RANGE' });
    await box.call('doc.find', { path, words: 'line 20', max: 1 }, agent);
    expect(await edit(agent, 3, { set: '20', text: ['twenty'] })).toMatchObject({ code: 'accepted' });
    await box.call('doc.candidates', { path, query: 'line 33', max: 1 }, agent);
    expect(await edit(agent, 4, { set: '#1', text: ['found'] })).toMatchObject({ code: 'accepted' });
  });

  it('lines seen at another version count where they were carried over unchanged, and not where they were not', async () => {
    const agent = agentFor('task_1');
    await box.call('doc.read', { path, from: 10, to: 20 }, agent);
    await box.call('doc.edit', {
      path,
      base: 1,
      verbs: [
        { put: '>0', text: ['a', 'b'] },
        { set: '15', text: ['other'] },
      ],
    });
    expect(await edit(agent, 2, { cut: '17' })).toMatchObject({ code: 'DOC_UNSEEN_RANGE' });
    expect(await edit(agent, 2, { cut: '10' })).toMatchObject({ code: 'DOC_UNSEEN_RANGE' });
    expect(await edit(agent, 2, { cut: '12-15' })).toMatchObject({ code: 'accepted' });
  });

  it('a guard that holds, or the text that sub looks for, is knowledge enough', async () => {
    const agent = agentFor('task_1');
    expect(await edit(agent, 1, { set: '12', text: ['x'], was: 'line 12' })).toMatchObject({ code: 'accepted' });
    expect(await edit(agent, 2, { sub: { line: 20, find: 'line 20', replace: 'y' } })).toMatchObject({
      code: 'accepted',
    });
    expect(await edit(agent, 3, { put: '>0', text: ['top'] }, { put: '>40', text: ['end'] })).toMatchObject({
      code: 'accepted',
    });
    expect(await edit(agent, 4, { sub: { find: 'line 3', replace: 'z', all: true } })).toMatchObject({
      code: 'DOC_UNSEEN_RANGE',
    });
    expect(
      await edit(agentFor('task_3'), 4, { sub: { find: 'line 3', replace: 'z', all: true }, count: 11 }),
    ).toMatchObject({
      code: 'accepted',
    });
  });

  it('people are never asked, and programs only where several lines at once would go unnamed', async () => {
    expect(await edit(person(), 1, { cut: '12-14' })).toMatchObject({ code: 'accepted' });
    expect(await edit(token(), 2, { set: '12', text: ['x'] })).toMatchObject({ code: 'accepted' });
    expect(await edit(token(), 3, { cut: '20-22' })).toMatchObject({ code: 'DOC_UNSEEN_RANGE' });
    expect(await edit(token(), 3, { cut: '25-27', was: 'line' })).toMatchObject({ code: 'accepted' });
  });

  it('a rewrite of lines that an agent never saw is refused too', async () => {
    const call = box.call('doc.rewrite', { path, base: 1, from: 5, to: 8, text: 'short' }, agentFor('task_1'));
    expect(await call.catch((e: unknown) => isJinguError(e) && e.code)).toBe('DOC_UNSEEN_RANGE');
  });
});

describe('numbered candidates', () => {
  it('are those of the last list that this caller was shown, carried exactly to the base', async () => {
    const agent = agentFor('task_1');
    await box.call('doc.find', { path, words: 'line 20', max: 2 }, agent);
    await box.call('doc.edit', { path, base: 1, verbs: [{ cut: '3-4' }] });
    expect(await edit(agent, 2, { set: '#1', text: ['TWENTY'] })).toMatchObject({ code: 'accepted' });
    expect((await box.text(path)).split('\n')[17]).toBe('TWENTY');
    expect(await edit(agent, 2, { set: '#9', text: ['x'] })).toMatchObject({ code: 'DOC_ADDRESS_UNKNOWN' });
    expect(await edit(agentFor('task_2'), 2, { set: '#1', text: ['x'] })).toMatchObject({
      code: 'DOC_ADDRESS_UNKNOWN',
    });
    // The line of the candidate is another one by now.
    expect(await edit(agent, 3, { set: '#1', text: ['x'] })).toMatchObject({ code: 'DOC_ADDRESS_UNKNOWN' });
  });

  it('of an ambiguous text are the very matches', async () => {
    await box.call('doc.edit', { path, base: 1, verbs: [{ set: '2', text: ['aXbXc'] }] });
    const refused = await edit(person(), 2, { sub: { find: 'X', replace: 'y' } });
    expect(refused.code).toBe('DOC_AMBIGUOUS');
    expect(await edit(person(), 2, { sub: { range: '#2', find: 'X', replace: 'y' } })).toMatchObject({
      code: 'accepted',
    });
    expect((await box.text(path)).split('\n')[1]).toBe('aXbyc');
  });

  it('of one document are not candidates of another', async () => {
    await box.write('b.md', 'other words\n');
    await box.room.scan(box.room.workspace('office'));
    await box.call('doc.find', { path: 'office/b.md', words: 'other words' });
    expect(await edit(person(), 1, { set: '#1', text: ['x'] })).toMatchObject({
      code: 'DOC_ADDRESS_UNKNOWN',
      details: { reason: 'the candidate of this number is in another document' },
    });
  });
});
