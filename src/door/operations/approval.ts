import { fail } from '../../common/index.ts';
import { type AnyOperation, type Caller, closed, Id, operation, PLAIN_READ, Type } from '../../protocol/index.ts';
import type { ApprovalRow, ApprovalState, Card } from '../approval-records.ts';
import type { Approvals } from '../approvals.ts';

const Row = closed({
  id: Id,
  rev: Type.Integer(),
  kind: Type.Union([Type.Literal('approve'), Type.Literal('ask')]),
  state: Type.String(),
  taskId: Type.Union([Type.String(), Type.Null()]),
  operation: Type.Union([Type.String(), Type.Null()]),
  card: Type.Record(Type.String(), Type.Unknown()),
  action: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
  actionHash: Type.Union([Type.String(), Type.Null()]),
  createdAt: Type.Integer(),
  expiresInMs: Type.Integer({ minimum: 0 }),
  answer: Type.Union([Type.String(), Type.Null()]),
  note: Type.Union([Type.String(), Type.Null()]),
  answeredBy: Type.Union([Type.String(), Type.Null()]),
  outcome: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
});

/** A browser cannot vouch for what it shows: no high-risk approval from there (its ceiling). */
function mayApprove(caller: Caller, card: Card): boolean {
  return !(caller.deviceClass === 'browser' && card.risk === 'high');
}

export function approvalOperations(approvals: Approvals): AnyOperation[] {
  const mine = (caller: Caller, row: ApprovalRow | undefined, id: string): ApprovalRow => {
    if (row && (caller.kind === 'console' || row.person === caller.personId)) return row;
    throw fail('APPROVAL_NOT_FOUND', { approvalId: id });
  };
  const view = (row: ApprovalRow, now: number) => ({
    id: row.id,
    rev: row.rev,
    kind: row.kind,
    state: row.state,
    taskId: row.task,
    operation: row.operation,
    card: JSON.parse(row.card) as Record<string, unknown>,
    action: row.action === null ? null : (JSON.parse(row.action) as Record<string, unknown>),
    actionHash: row.action_hash,
    createdAt: row.created_at,
    expiresInMs: Math.max(0, row.expires_at - now),
    answer: row.answer,
    note: row.note,
    answeredBy: row.answered_by,
    outcome: row.outcome === null ? null : (JSON.parse(row.outcome) as Record<string, unknown>),
  });

  return [
    operation({
      id: 'approval.list',
      since: 1,
      summary: { en: 'List approvals and questions, oldest first', zh: '列出审批与问题,最早的在前' },
      input: closed({
        all: Type.Optional(Type.Boolean({ description: 'also the decided ones' })),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
      }),
      output: closed({ approvals: Type.Array(Row), pending: Type.Integer() }),
      ...PLAIN_READ,
      scope: 'approval.answer',
      surfaces: ['ws', 'rest', 'cli'],
      errors: [],
      examples: [{ note: 'what waits for me', input: {} }],
      read: (ctx, input) => {
        const open: ApprovalState[] = ['pending'];
        const decided: ApprovalState[] = ['approved', 'denied', 'answered', 'expired', 'withdrawn', 'executed', 'void'];
        const person = ctx.caller.kind === 'console' ? null : (ctx.caller.personId ?? '');
        const rows = approvals.list({
          person,
          states: input.all ? [...open, ...decided] : open,
          limit: input.limit ?? 200,
        });
        return {
          approvals: rows.map((row) => view(row, ctx.clock.now())),
          pending: rows.filter((row) => row.state === 'pending').length,
        };
      },
    }),
    operation({
      id: 'approval.show',
      since: 1,
      summary: { en: 'Show one approval or question', zh: '查看一条审批或问题' },
      input: closed({ id: Id }),
      output: Row,
      positional: ['id'],
      ...PLAIN_READ,
      scope: 'approval.answer',
      surfaces: ['ws', 'rest', 'cli'],
      errors: ['APPROVAL_NOT_FOUND'],
      examples: [{ note: 'one', input: { id: 'apr_01jd0000000000000000000000' } }],
      read: (ctx, { id }) => view(mine(ctx.caller, approvals.get(id), id), ctx.clock.now()),
    }),
    operation({
      id: 'approval.answer',
      since: 1,
      summary: { en: 'Approve, deny or answer; the first answer wins', zh: '批准、拒绝或回答,先答者有效' },
      input: closed({
        id: Id,
        rev: Type.Optional(Type.Integer({ minimum: 1, description: 'the revision that was shown' })),
        answer: Type.String({
          minLength: 1,
          maxLength: 2000,
          description: 'approve, deny, an option id, or free text',
        }),
        note: Type.Optional(Type.String({ maxLength: 2000 })),
        actionHash: Type.Optional(
          Type.String({ pattern: '^[0-9a-f]{64}$', description: 'hash of the action as displayed' }),
        ),
      }),
      output: closed({ id: Id, rev: Type.Integer(), state: Type.String() }),
      positional: ['id', 'answer'],
      effect: 'write',
      risk: 'medium',
      confirmation: 'never',
      idempotency: 'key',
      undo: 'none',
      scope: 'approval.answer',
      minIntegrity: 2,
      surfaces: ['ws', 'rest', 'cli'],
      errors: [
        'APPROVAL_NOT_FOUND',
        'APPROVAL_ALREADY_DECIDED',
        'APPROVAL_STALE',
        'APPROVAL_EXPIRED',
        'INPUT_INVALID',
        'POLICY_DENIED',
      ],
      examples: [{ note: 'yes', input: { id: 'apr_01jd0000000000000000000000', rev: 1, answer: 'approve' } }],
      facts: (ctx, { id }) => {
        const row = mine(ctx.caller, approvals.get(id), id);
        return { targets: [{ kind: 'approval', id: row.id }] };
      },
      apply: (ctx, input) => {
        const row = mine(ctx.caller, approvals.get(input.id), input.id);
        const by = ctx.caller.personName ?? ctx.caller.personId ?? ctx.caller.kind;
        if (ctx.caller.agent !== null) throw fail('POLICY_DENIED', { ruleId: 'G12' });
        const state = row.kind === 'approve' ? decision(input.answer) : answered(row, input.answer);
        if (state === 'approved') {
          if (!mayApprove(ctx.caller, JSON.parse(row.card) as Card))
            throw fail('POLICY_DENIED', { ruleId: 'browser-ceiling' });
          // The device computes the hash from what it shows; the console shows what the box prints.
          const shown = input.actionHash ?? (ctx.caller.kind === 'console' ? row.action_hash : undefined);
          if (shown !== row.action_hash) throw fail('APPROVAL_STALE', { approvalId: row.id, rev: row.rev });
        }
        const done = approvals.answer(ctx.tx, row.id, {
          rev: input.rev ?? row.rev,
          state,
          answer: input.answer,
          note: input.note ?? null,
          by,
        });
        return { id: done.id, rev: done.rev, state: done.state };
      },
    }),
  ];
}

function decision(answer: string): 'approved' | 'denied' {
  if (answer === 'approve') return 'approved';
  if (answer === 'deny') return 'denied';
  throw fail('INPUT_INVALID', { pointer: '/answer', reason: 'an approval is answered with approve or deny' });
}

function answered(row: ApprovalRow, answer: string): 'answered' | 'denied' {
  const card = JSON.parse(row.card) as Card;
  if (answer === 'deny') return 'denied';
  if (card.options?.some((option) => option.id === answer) || card.freeText) return 'answered';
  throw fail('INPUT_INVALID', {
    pointer: '/answer',
    reason: `one of: ${[...(card.options ?? []).map((option) => option.id), 'deny'].join(', ')}`,
  });
}
