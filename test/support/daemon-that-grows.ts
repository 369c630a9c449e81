import { run } from '../../src/daemon/run.ts';
import { type AnyOperation, closed, operation, Type } from '../../src/protocol/index.ts';
import { stampOperations } from './stamp-operations.ts';

/**
 * The box with two operations for the console: `rig.grow` registers the stamp operations while the box is serving, and
 * `rig.agent` makes a call as the agent of a paired device, which otherwise only a running task does.
 */
await run({
  argv: process.argv.slice(2),
  version: 'test',
  webRoot: undefined,
  extend: ({ store, identity, core }) => {
    const about = {
      since: 1,
      confirmation: 'never',
      idempotency: 'key',
      undo: 'none',
      risk: 'medium',
      effect: 'admin',
      scope: 'box.admin',
      errors: [],
      examples: [],
    } as const;
    const operations: AnyOperation[] = [
      operation({
        ...about,
        id: 'rig.grow',
        summary: { en: 'Learn to keep stamps', zh: '学会集邮' },
        input: closed({}),
        output: closed({}),
        perform: async () => {
          await store.write((tx) => {
            tx.run('CREATE TABLE rig_stamp (id INTEGER PRIMARY KEY, motif TEXT, value INTEGER, by TEXT) STRICT');
          });
          core.registry.register(...stampOperations({ db: store }));
          return {};
        },
      }),
      operation({
        ...about,
        id: 'rig.agent',
        summary: { en: 'Call as the agent of a device', zh: '以设备代理身份调用' },
        input: closed({ deviceId: Type.String(), operation: Type.String(), input: Type.Unknown(), key: Type.String() }),
        output: closed({ output: Type.Unknown() }),
        perform: async (_ctx, { deviceId, operation: id, input, key }) => {
          const device = identity.callers.forDevice(deviceId, { surface: 'ws', sessionId: null, locale: 'en' });
          const agent = identity.agentCaller(device, 'task_rig');
          const { output } = await core.door.invoke(agent, { operation: id, input, idempotencyKey: key });
          return { output };
        },
      }),
    ];
    core.registry.register(...operations);
  },
});
