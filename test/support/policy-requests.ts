import fc from 'fast-check';
import type { Facts } from '../../src/policy/facts.ts';
import type { PolicyRequest } from '../../src/policy/index.ts';
import { type Caller, type Confidentiality, type Integrity, type Label, SCOPES } from '../../src/protocol/index.ts';

export type Kind = Caller['kind'];

export function label(integrity: Integrity, confidentiality: Confidentiality = 'internal'): Label {
  return { integrity, confidentiality, restrictedTo: confidentiality === 'restricted' ? ['board'] : [] };
}

export const OWN_LABEL: Record<Kind, Label> = {
  device: label(2),
  console: label(3),
  token: label(1),
  agent: label(1),
  internal: label(1),
};

/** A caller of the kind named, as the box builds them. */
export function callerOf(kind: Kind, more: Partial<Caller> = {}): Caller {
  return {
    kind,
    surface: kind === 'agent' ? 'agent' : kind === 'console' ? 'console' : 'ws',
    personId: kind === 'internal' ? null : 'person_1',
    personName: null,
    deviceId: kind === 'device' || kind === 'agent' ? 'device_1' : null,
    sessionId: null,
    agent: kind === 'agent' ? 'agent@box' : null,
    taskId: kind === 'agent' ? 'task_1' : null,
    roles: kind === 'device' ? ['member'] : [],
    scopes: SCOPES,
    deviceClass: kind === 'device' ? 'native' : 'none',
    label: OWN_LABEL[kind],
    locale: 'en',
    epoch: 0,
    ...more,
  };
}

export interface RequestParts {
  as?: Kind;
  caller?: Partial<Caller>;
  contract?: Partial<PolicyRequest['contract']>;
  facts?: Partial<PolicyRequest['facts']>;
  label?: Label;
  approved?: boolean;
  spent?: boolean;
  now?: number;
}

/** An undoable, low-risk edit of one document, unless parts say otherwise. */
export function requestOf(parts: RequestParts = {}): PolicyRequest {
  const as = parts.as ?? 'device';
  return {
    caller: callerOf(as, parts.caller),
    contract: {
      id: 'doc.edit',
      effect: 'write',
      risk: 'low',
      undo: { by: 'doc.undo' },
      scope: 'doc.write',
      ...parts.contract,
    },
    facts: { targets: [{ kind: 'document', id: 'doc_1', name: 'office/plan.md', version: 3 }], ...parts.facts },
    contextLabel: parts.label ?? OWN_LABEL[as],
    approved: parts.approved ?? false,
    ...(parts.spent === undefined ? {} : { spent: parts.spent }),
    now: parts.now ?? 1_000_000,
  };
}

const nouns = [
  'doc',
  'task',
  'skill',
  'policy',
  'audit',
  'log',
  'device',
  'approval',
  'workspace',
  'training',
  'model',
];

/** Facts from all corners, whether or not a request could lead to them. */
export const anyFacts: fc.Arbitrary<Facts> = fc
  .record({
    effect: fc.constantFrom('read', 'write', 'send', 'exec', 'admin'),
    noun: fc.constantFrom(...nouns),
    verb: fc.constantFrom('edit', 'import', 'undo', 'rollback', 'setCeiling'),
    scope: fc.constantFrom('doc.read', 'doc.write', 'policy.admin', 'audit.read', 'audit.export', 'infer', 'box.read'),
    risk: fc.constantFrom(0, 1, 2),
    undoable: fc.boolean(),
    minIntegrity: fc.constantFrom(0, 1, 2, 3),
    caller: fc.constantFrom<Kind[]>('device', 'console', 'token', 'agent', 'internal'),
    principal: fc.constantFrom('person_1', 'person_2'),
    agent: fc.boolean(),
    person: fc.boolean(),
    roles: fc.subarray(['auditor', 'member']),
    deviceClass: fc.constantFrom('native', 'browser', 'none'),
    integrity: fc.constantFrom<Integrity[]>(0, 1, 2, 3),
    confidentiality: fc.constantFrom(0, 1, 2, 3),
    restrictedTo: fc.subarray(['board', 'staff']),
    zone: fc.constantFrom('none', 'box', 'site', 'cloud'),
    external: fc.boolean(),
    host: fc.constantFrom('', 'huggingface.co', 'evil.example'),
    purpose: fc.constantFrom('', 'model', 'training', 'telemetry'),
    listed: fc.boolean(),
    documents: fc.constantFrom(0, 1, 5),
    workspaces: fc.subarray(['legal', 'office']),
    approved: fc.boolean(),
    spent: fc.boolean(),
    keepsUndo: fc.boolean(),
    selfGrant: fc.boolean(),
  })
  .map((facts) => ({ ...facts, operation: `${facts.noun}.${facts.verb}` }) as Facts);

/** Requests from all corners. */
export const anyRequest: fc.Arbitrary<PolicyRequest> = fc
  .record({
    as: fc.constantFrom<Kind[]>('device', 'console', 'token', 'agent', 'internal'),
    id: fc.constantFrom(
      'doc.edit',
      'doc.read',
      'doc.import',
      'doc.rollback',
      'policy.install',
      'audit.export',
      'infer.chat',
    ),
    effect: fc.constantFrom<PolicyRequest['contract']['effect'][]>('read', 'write', 'send', 'exec', 'admin'),
    risk: fc.constantFrom<PolicyRequest['contract']['risk'][]>('low', 'medium', 'high'),
    isUndoable: fc.boolean(),
    integrity: fc.constantFrom<Integrity[]>(0, 1, 2, 3),
    confidentiality: fc.constantFrom<Confidentiality[]>('public', 'internal', 'secret', 'restricted'),
    zone: fc.constantFrom<(PolicyRequest['facts']['zone'] | null)[]>(null, 'box', 'site', 'cloud'),
    host: fc.constantFrom(null, 'huggingface.co', 'evil.example'),
    purpose: fc.constantFrom('model', 'training', 'mail'),
    approved: fc.boolean(),
    documents: fc.constantFrom(0, 1, 3),
  })
  .map((p) =>
    requestOf({
      as: p.as,
      label: label(p.integrity, p.confidentiality),
      approved: p.approved,
      contract: {
        id: p.id,
        effect: p.effect,
        risk: p.risk,
        undo: p.isUndoable ? { by: 'doc.undo' } : 'none',
        scope: p.id === 'infer.chat' ? 'infer' : p.id === 'audit.export' ? 'audit.export' : 'doc.write',
      },
      facts: {
        targets: Array.from({ length: p.documents }, (_, i) => ({ kind: 'document' as const, id: `d${i}` })),
        ...(p.zone === null ? {} : { zone: p.zone as 'box' }),
        ...(p.host === null ? {} : { destination: { host: p.host, port: 443, purpose: p.purpose } }),
      },
    }),
  );
