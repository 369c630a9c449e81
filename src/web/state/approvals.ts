import { computed, signal } from '@preact/signals';
import { CallError } from '../../client/index.ts';
import { canonicalJson, newId, toHex } from '../../common/index.ts';
import type { BoxEvent, InvokeResult } from '../../protocol/index.ts';
import { ask, invoke, onClient } from './session.ts';

export interface ApprovalOption {
  id: string;
  label: string;
  diff?: string;
}

export interface Approval {
  id: string;
  rev: number;
  kind: 'approve' | 'ask';
  state: string;
  taskId: string | null;
  operation: string | null;
  card: {
    title: string;
    operation?: string;
    risk?: 'low' | 'medium' | 'high';
    effect?: { en: string; zh: string };
    targets?: { kind: string; id: string; name?: string; version?: number }[];
    diff?: string;
    destination?: { host: string; port: number; purpose: string };
    question?: string;
    options?: ApprovalOption[];
    freeText?: boolean;
    prose?: string;
    ruleIds?: string[];
  };
  action: Record<string, unknown> | null;
  actionHash: string | null;
  createdAt: number;
  expiresInMs: number;
  answeredBy: string | null;
}

/** Everything open for this person, oldest first, as the box lists it and nothing else. */
export const approvals = signal<Approval[]>([]);
export const waitingCount = computed(() => approvals.value.length);
/** What became of answered ones, by id: `approved`, then `executed` or `void`. */
export const outcomes = signal<ReadonlyMap<string, { state: string; by?: string }>>(new Map());

export async function refreshApprovals(): Promise<void> {
  const { approvals: list } = await ask<{ approvals: Approval[] }>('approval.list', {});
  approvals.value = list;
}

/** One approval, also a decided one. @throws CallError */
export function showApproval(id: string): Promise<Approval> {
  return ask<Approval>('approval.show', { id });
}

onClient((client) => {
  let isFollowing = false;
  client.on('hello', (hello) => {
    approvals.value = hello.snapshot.approvals as unknown as Approval[];
    const cursor = hello.topics.find((one) => one.topic === 'approvals');
    if (!isFollowing && cursor) {
      isFollowing = true;
      const { epoch, seq } = cursor;
      const handlers = { event: (event: BoxEvent) => onEvent(event.kind, event.data), reset: refresh };
      client.subscribe('approvals', handlers, { epoch, seq });
    }
  });
});

function onEvent(kind: string, data: Record<string, unknown>): void {
  const { approvalId, state, by } = data as { approvalId?: string; state?: string; by?: string };
  if (approvalId !== undefined && state !== undefined && kind !== 'approval-requested') {
    outcomes.value = new Map(outcomes.value).set(approvalId, {
      state,
      ...(by === undefined || by === null ? {} : { by }),
    });
  }
  refresh();
}

function refresh(): void {
  // Offline: the next hello brings the whole list.
  refreshApprovals().catch(() => {});
}

/** One key for each answer that was tapped, so that a second tap after a lost answer has no second effect. */
const keys = new Map<string, string>();

/**
 * Answers an approval or a question. Saying yes signs for exactly what is displayed: the hash is computed here from the
 * shown card, and refused if the card does not match the action. @throws CallError, or an Error named `Changed`
 */
export async function answerApproval(approval: Approval, answer: string, note: string): Promise<InvokeResult> {
  const id = `${approval.id} ${approval.rev} ${answer} ${note}`;
  const idempotencyKey = keys.get(id) ?? newId('key');
  keys.set(id, idempotencyKey);
  const actionHash = answer === 'approve' && approval.action ? await hashOfShown(approval) : undefined;
  const input = {
    id: approval.id,
    rev: approval.rev,
    answer,
    ...(note ? { note } : {}),
    ...(actionHash ? { actionHash } : {}),
  };
  try {
    const result = await invoke('approval.answer', input, { idempotencyKey });
    keys.delete(id);
    const { state } = result.output as { state: string };
    outcomes.value = new Map(outcomes.value).set(approval.id, { state });
    refresh();
    return result;
  } catch (error) {
    if (error instanceof CallError && error.wire.category === 'conflict') {
      const { state, by } = error.details as { state?: string; by?: string };
      if (state) outcomes.value = new Map(outcomes.value).set(approval.id, { state, ...(by ? { by } : {}) });
      refresh();
    }
    throw error;
  }
}

export class Changed extends Error {}

async function hashOfShown({ action, card, operation }: Approval): Promise<string> {
  const shownDiff = await digest(card.diff ?? '');
  const targets = (action?.['targets'] as { kind: string; id: string; version: number | null }[] | undefined) ?? [];
  const shown = (card.targets ?? []).map((one) => `${one.kind} ${one.id} ${one.version ?? ''}`).join('\n');
  const bound = targets.map((one) => `${one.kind} ${one.id} ${one.version ?? ''}`).join('\n');
  if (action?.['operation'] !== operation || shown !== bound || action['diffHash'] !== shownDiff) throw new Changed();
  return await digest(action);
}

/** SHA-256 over canonical JSON, lower-case hex: as the box computes it. */
async function digest(value: unknown): Promise<string> {
  const bytes = new TextEncoder().encode(canonicalJson(value));
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
