import type { Database } from '../../src/common/index.ts';
import { type AnyOperation, closed, operation, Type } from '../../src/protocol/index.ts';

interface Stamp {
  motif: string;
  value: number;
  by: string;
}

/** Three operations that no room of the box has: declared here once, as any other, and nowhere else. */
export function stampOperations({ db }: { db: Database }): AnyOperation[] {
  const about = { since: 1, confirmation: 'never', errors: [] } as const;
  const target = { targets: [{ kind: 'box', id: 'stamps' }] } as const;
  return [
    operation({
      ...about,
      id: 'stamp.put',
      summary: { en: 'Put a stamp into the album', zh: '把邮票放入集邮册' },
      useWhen: ['a stamp was bought'],
      input: closed({ motif: Type.String({ minLength: 1, maxLength: 80 }), value: Type.Integer({ minimum: 1 }) }),
      output: closed({ id: Type.Integer(), by: Type.String() }),
      positional: ['motif', 'value'],
      effect: 'write',
      risk: 'low',
      idempotency: 'key',
      undo: { by: 'stamp.drop' },
      scope: 'doc.write',
      examples: [{ note: 'a crane', input: { motif: 'crane', value: 80 } }],
      facts: () => ({ ...target, targets: [...target.targets] }),
      apply: (ctx, { motif, value }) => {
        const by = ctx.caller.kind;
        ctx.tx.run('INSERT INTO rig_stamp (motif, value, by) VALUES (?, ?, ?)', motif, value, by);
        const { id } = ctx.tx.get<{ id: number }>('SELECT max(id) AS id FROM rig_stamp')!;
        ctx.undoWith({ id });
        return { id, by };
      },
    }),
    operation({
      ...about,
      id: 'stamp.drop',
      summary: { en: 'Take a stamp out again', zh: '取出邮票' },
      input: closed({ id: Type.Integer({ minimum: 1 }) }),
      output: closed({ dropped: Type.Boolean() }),
      positional: ['id'],
      effect: 'write',
      risk: 'medium',
      idempotency: 'key',
      undo: 'none',
      scope: 'doc.write',
      examples: [{ note: 'the first', input: { id: 1 } }],
      facts: () => ({ ...target, targets: [...target.targets] }),
      apply: (ctx, { id }) => ({ dropped: ctx.tx.run('DELETE FROM rig_stamp WHERE id = ?', id).changes > 0 }),
    }),
    operation({
      ...about,
      id: 'stamp.list',
      summary: { en: 'List the stamps of the album', zh: '列出集邮册中的邮票' },
      input: closed({}),
      output: closed({
        stamps: Type.Array(closed({ motif: Type.String(), value: Type.Integer(), by: Type.String() })),
      }),
      effect: 'read',
      risk: 'low',
      idempotency: 'natural',
      undo: 'none',
      scope: 'doc.read',
      examples: [{ note: 'all of them', input: {} }],
      read: () => ({ stamps: db.all<Stamp>('SELECT motif, value, by FROM rig_stamp ORDER BY id') }),
    }),
  ];
}
