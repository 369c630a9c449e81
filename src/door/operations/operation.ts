import { type AnyOperation, closed, operation, PLAIN_READ, Type } from '../../protocol/index.ts';
import { contractOf, offeredOn, type Registry } from '../registry.ts';

/** Progressive discovery: nouns, then the operations of one noun, then one contract. Small enough for a small model. */
export function registryOperations(registry: Registry): AnyOperation[] {
  const about = {
    since: 1,
    ...PLAIN_READ,
    scope: 'box.read',
  } as const;
  return [
    operation({
      ...about,
      id: 'operation.list',
      summary: { en: 'List what the box can do', zh: '列出盒子的全部操作' },
      input: closed({ noun: Type.Optional(Type.String({ maxLength: 40 })) }),
      output: closed({
        digest: Type.String(),
        operations: Type.Array(closed({ id: Type.String(), effect: Type.String(), summary: Type.String() })),
      }),
      positional: ['noun'],
      errors: [],
      examples: [{ note: 'everything about documents', input: { noun: 'doc' } }],
      read: (ctx, { noun }) => ({
        digest: registry.digest(),
        operations: registry
          .list()
          .filter((op) => offeredOn(op, ctx.caller.surface) && (noun === undefined || op.id.startsWith(`${noun}.`)))
          .map((op) => ({ id: op.id, effect: op.effect, summary: op.summary[ctx.caller.locale] })),
      }),
    }),
    operation({
      ...about,
      id: 'operation.describe',
      summary: { en: 'Show the contract of one operation', zh: '查看一个操作的契约' },
      input: closed({ id: Type.String({ minLength: 3, maxLength: 80 }) }),
      output: closed({ contract: Type.Record(Type.String(), Type.Unknown()) }),
      positional: ['id'],
      errors: ['OPERATION_UNKNOWN'],
      examples: [{ note: 'how to edit', input: { id: 'doc.edit' } }],
      read: (ctx, { id }) => ({ contract: contractOf(registry.find(id, ctx.caller)) }),
    }),
  ];
}
