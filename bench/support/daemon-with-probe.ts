import { monitorEventLoopDelay } from 'node:perf_hooks';
import { run } from '../../src/daemon/run.ts';
import { type AnyOperation, closed, operation, type ReadContext, Type } from '../../src/protocol/index.ts';

/** The box with operations that look at it from inside: the delay of its own event loop, and what its door costs. */
const delay = monitorEventLoopDelay({ resolution: 1 });

await run({
  argv: process.argv.slice(2),
  version: 'bench',
  webRoot: undefined,
  extend: ({ identity, core }) => {
    const about = {
      since: 1,
      confirmation: 'never',
      undo: 'none',
      scope: 'box.read',
      errors: [],
      examples: [],
    } as const;
    const handler = (_ctx: ReadContext, { text }: { text: string }) => ({ length: text.length });
    const operations: AnyOperation[] = [
      operation({
        ...about,
        id: 'probe.length',
        summary: { en: 'Count characters', zh: '计算字符数' },
        input: closed({ text: Type.String({ maxLength: 200 }) }),
        output: closed({ length: Type.Integer() }),
        effect: 'read',
        risk: 'low',
        idempotency: 'natural',
        read: handler,
      }),
      operation({
        ...about,
        id: 'probe.door',
        summary: { en: 'Time reads through the door and without it', zh: '测量门的开销' },
        input: closed({ deviceId: Type.String(), rounds: Type.Integer() }),
        output: closed({ door: Type.Array(Type.Number()), handler: Type.Array(Type.Number()) }),
        effect: 'read',
        risk: 'low',
        idempotency: 'natural',
        read: async (ctx, { deviceId, rounds }) => {
          const caller = identity.callers.forDevice(deviceId, { surface: 'ws', sessionId: null, locale: 'en' });
          const times: { door: number[]; handler: number[] } = { door: [], handler: [] };
          for (let i = 0; i < rounds; i++) {
            const input = { text: `round ${i}` };
            const from = performance.now();
            await core.door.invoke(caller, { operation: 'probe.length', input });
            const between = performance.now();
            handler(ctx, input);
            times.door.push(between - from);
            times.handler.push(performance.now() - between);
          }
          return times;
        },
      }),
      operation({
        ...about,
        id: 'probe.loop',
        summary: { en: 'Delay of the event loop since the last time', zh: '事件循环延迟' },
        input: closed({}),
        output: closed({ p50: Type.Number(), p99: Type.Number(), max: Type.Number() }),
        effect: 'read',
        risk: 'low',
        idempotency: 'natural',
        read: () => {
          const ms = (nanoseconds: number) => nanoseconds / 1e6;
          const seen = { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) };
          delay.enable();
          delay.reset();
          return seen;
        },
      }),
    ];
    core.registry.register(...operations);
  },
});
