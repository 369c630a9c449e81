import { run } from '../../src/daemon/run.ts';
import type { TextStreams } from '../../src/door/index.ts';
import { closed, operation, Type } from '../../src/protocol/index.ts';

const Act = Type.Union([
  closed({ do: Type.Literal('event'), n: Type.Integer() }),
  closed({ do: Type.Literal('start'), name: Type.String() }),
  closed({ do: Type.Literal('append'), name: Type.String(), text: Type.String() }),
  closed({ do: Type.Literal('end'), name: Type.String() }),
]);

/**
 * The box with two operations more, for tests of resume: `rig.play` makes state events and streams text on a task's
 * topic as a running task does, and `rig.truth` tells what the box itself holds of it.
 */
await run({
  argv: process.argv.slice(2),
  version: 'test',
  webRoot: undefined,
  extend: ({ store, core }) => {
    const open = new Map<string, Awaited<ReturnType<TextStreams['start']>>>();
    const about = {
      since: 1,
      effect: 'read',
      risk: 'low',
      confirmation: 'never',
      idempotency: 'natural',
      undo: 'none',
      scope: 'box.admin',
      errors: [],
      examples: [],
    } as const;
    core.registry.register(
      operation({
        ...about,
        id: 'rig.play',
        summary: { en: 'Play what a task would', zh: '模拟任务' },
        input: closed({ topic: Type.String(), person: Type.String(), acts: Type.Array(Act, { maxItems: 1000 }) }),
        output: closed({}),
        read: async (_ctx, { topic, person, acts }) => {
          await store.write((tx) => core.events.own(tx, topic, person));
          for (const act of acts) {
            if (act.do === 'event') await store.write((tx) => core.events.emit(tx, topic, 'task-step', { n: act.n }));
            else if (act.do === 'start') open.set(act.name, await core.texts.start(topic, { name: act.name }));
            else if (act.do === 'append') open.get(act.name)?.append(act.text);
            else {
              await open.get(act.name)?.end();
              open.delete(act.name);
            }
          }
          return {};
        },
      }),
      operation({
        ...about,
        id: 'rig.truth',
        summary: { en: 'What the box holds of a topic', zh: '主题内容' },
        input: closed({ topic: Type.String() }),
        output: closed({ events: Type.Array(Type.Unknown()), texts: Type.Record(Type.String(), Type.String()) }),
        read: (_ctx, { topic }) => ({
          events: core.events.after(topic, 0, 1_000_000),
          texts: Object.fromEntries(core.texts.messagesOf(topic).map(({ messageId, text }) => [messageId, text])),
        }),
      }),
    );
  },
});
