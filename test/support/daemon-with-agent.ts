import { run } from '../../src/daemon/run.ts';
import { type AnyOperation, closed, operation, Type } from '../../src/protocol/index.ts';

/**
 * The box with two operations more, for tests of approvals: `rig.risky` is a change an agent has to ask for, and
 * `rig.agent` makes a call as the agent of a paired device, which otherwise only a running task does.
 */
await run({
  argv: process.argv.slice(2),
  version: 'test',
  // The page as a test has built it, if it has.
  webRoot: process.env['TEST_PAGE'],
  extend: ({ store, identity, core }) => {
    const about = {
      since: 1,
      confirmation: 'never',
      idempotency: 'key',
      undo: 'none',
      risk: 'medium',
      errors: [],
      examples: [],
    } as const;
    const operations: AnyOperation[] = [
      operation({
        ...about,
        id: 'rig.risky',
        summary: { en: 'Do something that cannot be taken back', zh: '执行不可撤销的操作' },
        input: closed({ text: Type.String({ maxLength: 200 }) }),
        output: closed({ count: Type.Integer() }),
        effect: 'write',
        scope: 'doc.write',
        facts: (ctx, { text }) => ({
          targets: [{ kind: 'box', id: 'rig', version: versionOf(ctx.db) }],
          diff: () => `+${text}`,
        }),
        apply: (ctx, { text }) => {
          ctx.tx.run('UPDATE door_rig SET count = count + 1, last = ? WHERE id = 1', text);
          return { count: ctx.tx.get<{ count: number }>('SELECT count FROM door_rig WHERE id = 1')!.count };
        },
      }),
      operation({
        ...about,
        id: 'rig.move',
        summary: { en: 'Change what the risky call looks at', zh: '改变前提' },
        input: closed({}),
        output: closed({}),
        effect: 'write',
        scope: 'box.admin',
        apply: (ctx) => {
          ctx.tx.run('UPDATE door_rig SET version = version + 1 WHERE id = 1');
          return {};
        },
      }),
      operation({
        ...about,
        id: 'rig.agent',
        summary: { en: 'Call as the agent of a device', zh: '以设备代理身份调用' },
        input: closed({ deviceId: Type.String(), operation: Type.String(), input: Type.Unknown(), key: Type.String() }),
        output: closed({ output: Type.Unknown(), replayed: Type.Boolean() }),
        effect: 'admin',
        scope: 'box.admin',
        perform: async (_ctx, { deviceId, operation: id, input, key }) => {
          const device = identity.callers.forDevice(deviceId, { surface: 'ws', sessionId: null, locale: 'en' });
          const agent = identity.agentCaller(device, 'task_rig');
          const result = await core.door.invoke(agent, { operation: id, input, idempotencyKey: key });
          return { output: result.output, replayed: result.replayed === true };
        },
      }),
      operation({
        ...about,
        id: 'rig.ask',
        summary: { en: 'Put a question to the person of a device', zh: '向人提问' },
        input: closed({ personId: Type.String(), text: Type.String() }),
        output: closed({ id: Type.String() }),
        effect: 'write',
        scope: 'box.admin',
        apply: (ctx, { personId, text }) => {
          const card = {
            title: text,
            question: text,
            options: [
              { id: 'a', label: 'the first' },
              { id: 'b', label: 'the second' },
            ],
          };
          return { id: core.approvals.ask(ctx.tx, { personId, taskId: null, card }).id };
        },
      }),
      operation({
        ...about,
        id: 'rig.count',
        summary: { en: 'How often it happened', zh: '次数' },
        input: closed({}),
        output: closed({ count: Type.Integer() }),
        effect: 'read',
        idempotency: 'natural',
        scope: 'box.read',
        read: (ctx) => ctx.db.get<{ count: number }>('SELECT count FROM door_rig WHERE id = 1')!,
      }),
    ];
    core.registry.register(...operations);
    void store.write((tx) => {
      tx.run('CREATE TABLE IF NOT EXISTS door_rig (id INTEGER PRIMARY KEY, version INTEGER, count INTEGER, last TEXT)');
      tx.run("INSERT OR IGNORE INTO door_rig VALUES (1, 1, 0, '')");
    });
  },
});

function versionOf(db: { get<Row>(sql: string): Row | undefined }): number {
  return db.get<{ version: number }>('SELECT version FROM door_rig WHERE id = 1')?.version ?? 1;
}
