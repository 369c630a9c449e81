import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JinguClient, TopicState } from '../../../src/client/index.ts';
import type { BoxEvent } from '../../../src/protocol/index.ts';
import { VirtualClock } from '../identity/virtual-clock.ts';
import { openHandshake, ScriptedBox, until } from './scripted-box.ts';

/** What a client has folded of one topic, in a form that can be compared. */
interface Folded {
  events: BoxEvent[];
  texts: Record<string, string>;
}

function follow(client: JinguClient<unknown>, topic: string): { folded: Folded; deltas: Map<string, string> } {
  const folded: Folded = { events: [], texts: {} };
  const deltas = new Map<string, string>();
  client.subscribe(topic, {
    event: (event) => folded.events.push(event),
    text: (message, delta) => {
      folded.texts[message.messageId] = message.text;
      deltas.set(message.messageId, (deltas.get(message.messageId) ?? '') + delta);
    },
  });
  return { folded, deltas };
}

function truth(box: ScriptedBox, topic: string): Folded {
  const { events, texts } = box.topic(topic);
  return { events, texts: Object.fromEntries(texts.map((t) => [t.messageId, t.text])) };
}

function rig() {
  const box = new ScriptedBox();
  const clock = new VirtualClock();
  const client = new JinguClient<unknown>({
    origins: ['https://box.test:7443'],
    transport: box,
    handshake: openHandshake,
    clock,
    random: () => 0.5,
  });
  return { box, clock, client };
}

/** mulberry32: small, seeded, good enough to choose where to cut. */
function seeded(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe('resume', () => {
  it('after 1,000 random disconnects the folded state equals that of the box', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = seeded(seed);
    const pick = (n: number) => Math.floor(random() * n);
    const { box, clock, client } = rig();
    const task = follow(client, 'task:t_1');
    const doc = follow(client, 'doc:d_1');
    void client.connect();
    const open: string[] = [];
    let made = 0;
    const act = () => {
      const what = pick(10);
      if (what === 0 && open.length < 3) {
        open.push(`m${++made}`);
        box.startText('task:t_1', open.at(-1)!);
      } else if (what < 6 && open.length > 0)
        box.appendText('task:t_1', open[pick(open.length)]!, '改句 ab'.slice(pick(3)));
      else if (what === 6 && open.length > 1) box.endText('task:t_1', open.shift()!);
      else if (what < 9) box.emit('task:t_1', 'task-step', { n: pick(1000) });
      else box.emit('doc:d_1', 'version-created', { version: pick(1000) });
    };
    let cuts = 0;
    while (cuts < 1000) {
      for (let n = pick(6); n > 0; n--) act();
      box.deliver(pick(8));
      // Let the handshake go on; half of the cuts hit it, the others hit replay or live flow.
      for (let n = pick(12); n > 0; n--) await Promise.resolve();
      if (random() < 0.4 && box.line) {
        box.cut();
        cuts++;
      }
      if (!box.line) clock.pass(20_000);
    }
    clock.pass(20_000);
    for (const id of open.splice(0)) box.endText('task:t_1', id);
    await until(() => {
      box.deliver();
      if (!box.line) clock.pass(20_000);
      return client.state === 'connected';
    });
    expect({ seed, ...task.folded }).toEqual({ seed, ...truth(box, 'task:t_1') });
    expect({ seed, ...doc.folded }).toEqual({ seed, ...truth(box, 'doc:d_1') });
    // The deltas alone give the text too: none was lost, none came twice.
    expect(Object.fromEntries(task.deltas)).toEqual(task.folded.texts);
    expect(client.connects).toBeGreaterThan(100);
  });

  it('a gap in live events is mended by asking again from the cursor', async () => {
    const { box, client } = rig();
    const { folded } = follow(client, 'box');
    void client.connect();
    const pump = (done: () => boolean) =>
      until(() => {
        box.deliver();
        return done();
      });
    await pump(() => client.state === 'connected');
    box.emit('box', 'box-state', { n: 1 });
    box.emit('box', 'box-state', { n: 2 });
    box.line!.toClient.shift();
    box.emit('box', 'box-state', { n: 3 });
    await pump(() => folded.events.length === 3);
    expect(folded.events.map((e) => e.data['n'])).toEqual([1, 2, 3]);
    expect(client.connects).toBe(1);
  });

  it('a cursor that is gone resets the topic, says so, and goes on from the new position', async () => {
    const { box, clock, client } = rig();
    let resets = 0;
    const seen: number[] = [];
    client.subscribe('box', { event: (e) => seen.push(e.data['n'] as number), reset: () => resets++ });
    void client.connect();
    const pump = (done: () => boolean) =>
      until(() => {
        box.deliver();
        return done();
      });
    await pump(() => client.state === 'connected');
    box.emit('box', 'box-state', { n: 1 });
    box.deliver();
    box.cut();
    box.topics.clear();
    box.epoch = 'restored';
    box.emit('box', 'box-state', { n: 7 });
    clock.pass(20_000);
    await pump(() => client.state === 'connected');
    box.emit('box', 'box-state', { n: 8 });
    await pump(() => seen.length === 2);
    expect({ resets, seen }).toEqual({ resets: 1, seen: [1, 8] });
  });

  it('is catching up until the answer of every topic has come, and says so', async () => {
    const { box, client } = rig();
    const states: string[] = [];
    client.on('state', (state) => states.push(state));
    box.emit('box', 'box-state', { n: 1 });
    follow(client, 'box');
    void client.connect();
    await until(() => {
      box.deliver(1);
      return client.state === 'connected';
    });
    expect(states).toEqual(['catching-up', 'connected']);
  });
});

describe('the fold of one topic', () => {
  const event = (seq: number, kind: string, data: Record<string, unknown> = {}) =>
    ({ topic: 'task:t', epoch: 'e', seq, kind, at: 0, data }) as unknown as BoxEvent;

  it('takes overlapping deltas once, whatever way they are cut', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
        fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { maxLength: 30 }),
        (text, cuts) => {
          const state = new TopicState('task:t');
          state.foldEvent(event(1, 'text-start', { messageId: 'm', stream: 1 }), true);
          for (const [a, b] of cuts) {
            const to = Math.min(Math.max(a, b), text.length);
            const from = Math.min(a, b, to);
            const have = state.messages.get('m')!.text.length;
            const { folded } = state.foldText(1, to, text.slice(from, to));
            if (from > have && to > have) expect(folded).toBe('gap');
            expect(text.startsWith(state.messages.get('m')!.text)).toBe(true);
          }
          state.foldText(1, text.length, text);
          expect(state.messages.get('m')!.text).toBe(text);
        },
      ),
    );
  });

  it('cuts a text where the box lost its tail, and goes on from there', () => {
    const state = new TopicState('task:t');
    state.foldEvent(event(1, 'text-start', { messageId: 'm', stream: 4 }), true);
    state.foldText(4, 10, '0123456789');
    state.foldEvent(event(2, 'text-reset', { messageId: 'm', to: 4 }), false);
    state.foldText(4, 6, 'ab');
    state.foldEvent(event(3, 'text-end', { messageId: 'm', to: 6 }), false);
    expect(state.messages.get('m')).toMatchObject({ text: '0123ab', length: 6, cut: true });
    expect(state.cursor()).toEqual({ epoch: 'e', seq: 3 });
  });

  it('with more unfinished messages than a cursor may name goes back to before the first it cannot name', () => {
    const state = new TopicState('task:t');
    for (let n = 1; n <= 100; n++) state.foldEvent(event(n, 'text-start', { messageId: `m${n}`, stream: n }), true);
    expect(state.cursor()).toMatchObject({ seq: 0, open: expect.objectContaining({ length: 64 }) });
    for (let n = 1; n <= 30; n++) state.foldEvent(event(100 + n, 'text-end', { messageId: `m${n}`, to: 0 }), false);
    expect(state.cursor()).toMatchObject({ seq: 30, open: expect.objectContaining({ length: 64 }) });
    state.foldEvent(event(131, 'text-end', { messageId: 'm31', to: 0 }), false);
    for (let n = 32; n <= 36; n++) state.foldEvent(event(100 + n, 'text-end', { messageId: `m${n}`, to: 0 }), false);
    expect(state.cursor()).toMatchObject({ seq: 136, open: expect.objectContaining({ length: 64 }) });
  });

  it('names in its cursor exactly the messages that are not whole', () => {
    const state = new TopicState('task:t');
    state.foldEvent(event(1, 'text-start', { messageId: 'a', stream: 1 }), true);
    state.foldEvent(event(2, 'text-start', { messageId: 'b', stream: 2 }), true);
    state.foldText(1, 3, 'abc');
    state.foldEvent(event(3, 'text-end', { messageId: 'a', to: 5 }), false);
    expect(state.cursor()?.open).toEqual([
      { messageId: 'a', to: 3 },
      { messageId: 'b', to: 0 },
    ]);
    state.foldText(1, 5, 'de');
    expect(state.cursor()?.open).toEqual([{ messageId: 'b', to: 0 }]);
  });
});
