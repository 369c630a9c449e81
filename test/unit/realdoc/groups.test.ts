import { describe, expect, it } from 'vitest';
import { type Groupable, groupVersions } from '../../../src/realdoc/history/groups.ts';

const MINUTE = 60_000;
let now = 0;
/** The next moment, `ms` later. */
function later(ms = 1000): number {
  now += ms;
  return now;
}
function version(v: number, more: Partial<Groupable> & { person?: string; task?: string } = {}): Groupable {
  const { person = 'person_a', task, ...rest } = more;
  const by = { kind: 'device', personId: person, agent: null, taskId: task ?? null };
  return {
    version: v,
    at: rest.at ?? later(),
    by,
    source: 'edit',
    added: 1,
    removed: 0,
    undone: false,
    tags: [],
    ...rest,
  };
}
const ranges = (list: Groupable[]) => groupVersions(list.reverse()).map((g) => `${g.from}-${g.to}`);

describe('versions as people think of them', () => {
  it('one hand without a pause is one, another hand or a pause begins anew', () => {
    const list = [version(1), version(2), version(3, { person: 'person_b' }), version(4, { person: 'person_b' })];
    list.push(version(5, { person: 'person_b', at: later(11 * MINUTE) }));
    expect(ranges(list)).toEqual(['5-5', '3-4', '1-2']);
  });

  it('a task is one however long it took', () => {
    const list = [version(1, { task: 't' }), version(2, { task: 't', at: later(60 * MINUTE) }), version(3)];
    expect(ranges(list)).toEqual(['3-3', '1-2']);
  });

  it('a rollback stands alone, and a tag is the end of what led to it', () => {
    const list = [version(1), version(2, { tags: ['signed'] }), version(3), version(4, { source: 'rollback' })];
    expect(ranges(list)).toEqual(['4-4', '3-3', '1-2']);
  });

  it('sums what came and went, keeps each note once, and counts what is taken back', () => {
    const [group] = groupVersions([version(2, { note: 'a', undone: true, removed: 2 }), version(1, { note: 'a' })]);
    expect(group).toMatchObject({ added: 2, removed: 2, notes: ['a'], undone: 1 });
  });

  it('holds the versions that were taken away, so that the one before it is there to compare with', () => {
    const list = [version(1), version(5, { gone: 3, undone: true }), version(9, { gone: 2, person: 'person_b' })];
    expect(ranges(list)).toEqual(['7-9', '1-5']);
    expect(groupVersions([version(5, { gone: 4, undone: true })])[0]).toMatchObject({ from: 1, to: 5, undone: 5 });
  });
});
