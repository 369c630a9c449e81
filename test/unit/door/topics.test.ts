import { afterEach, expect, test } from 'vitest';
import type { BoxEvent } from '../../../src/protocol/index.ts';
import { makeRig, person, type Rig } from '../../support/door-rig.ts';

let rig: Rig;
afterEach(async () => await rig.close());

const emit = (n: number) => rig.store.write((tx) => rig.events.emit(tx, 'box', 'box-state', { n }));

test('a follower sees every event once across the seam between replay and live', async () => {
  rig = makeRig();
  for (let n = 1; n <= 3; n++) await emit(n);
  const seen: BoxEvent[] = [];
  const sink = { event: (e: BoxEvent) => seen.push(e), text: () => {} };
  const pending = emit(4);
  const stop = rig.topics.follow(person(), 'box', { epoch: 'e1', seq: 1 }, sink);
  await pending;
  await emit(5);
  stop();
  await emit(6);
  expect(seen.map((e) => e.seq)).toEqual([2, 3, 4, 5]);
});

test('cursors of another epoch, from the future or from before retention are refused', async () => {
  rig = makeRig();
  for (let n = 1; n <= 3; n++) await emit(n);
  const sink = { event: () => {}, text: () => {} };
  const follow = (cursor: { epoch: string; seq: number }) => () => rig.topics.follow(person(), 'box', cursor, sink);
  expect(follow({ epoch: 'e0', seq: 1 })).toThrow(/no longer kept/);
  expect(follow({ epoch: 'e1', seq: 9 })).toThrow(/no longer kept/);
  await rig.events.prune(Date.now() + 1000);
  expect(follow({ epoch: 'e1', seq: 1 })).toThrow(/no longer kept/);
  expect(follow({ epoch: 'e1', seq: 3 })).not.toThrow();
});

test('a topic of another person, an unknown topic and a missing scope all look the same', async () => {
  rig = makeRig();
  await rig.store.write((tx) => rig.events.own(tx, 'task:tsk_1', 'per_2'));
  const sink = { event: () => {}, text: () => {} };
  for (const topic of ['task:tsk_1', 'task:tsk_9', 'nonsense', "doc:x' OR 1"]) {
    expect(() => rig.topics.follow(person(), topic, undefined, sink)).toThrow(/no topic/);
  }
  expect(() => rig.topics.follow(person({ scopes: [] }), 'box', undefined, sink)).toThrow(/no topic/);
});

test('text that was missed comes as one delta from the offset the client has', async () => {
  rig = makeRig();
  await rig.store.write((tx) => rig.events.own(tx, 'task:tsk_1', 'per_1'));
  const handle = await rig.texts.start('task:tsk_1');
  handle.append('hello ');
  handle.append('world');
  await handle.end();
  const deltas: unknown[] = [];
  const sink = { event: () => {}, text: (d: unknown) => deltas.push(d) };
  rig.topics.follow(
    person(),
    'task:tsk_1',
    { epoch: 'e1', seq: 1, open: [{ messageId: handle.messageId, to: 3 }] },
    sink,
  )();
  expect(deltas).toEqual([{ messageId: handle.messageId, stream: 1, to: 11, text: 'lo world' }]);
});
