import {
  type AnyOperation,
  type Caller,
  closed,
  type Label,
  LabelSchema,
  ORGANISATION,
  operation,
  PERSON,
  PLAIN_READ,
  SCOPES,
  type Static,
  Type,
} from '../protocol/index.ts';
import { BASELINE_POLICIES } from './baseline.ts';
import { type Bundle, organisationSchema } from './bundle.ts';
import { type Cedar, loadCedar } from './cedar.ts';
import { factsOf } from './facts.ts';
import { GUARDS } from './guards/index.ts';
import { Policy } from './policy.ts';
import type { PolicyRequest } from './request.ts';

export interface PolicyRoom {
  policy: Policy;
  /** The contract of a registered operation, so that a test speaks of what the box really offers. */
  contractOf(id: string): PolicyRequest['contract'] | undefined;
  now(): number;
}

const Effect = Type.Union([
  Type.Literal('read'),
  Type.Literal('write'),
  Type.Literal('send'),
  Type.Literal('exec'),
  Type.Literal('admin'),
]);
const Who = Type.Union([
  Type.Literal('member'),
  Type.Literal('agent'),
  Type.Literal('console'),
  Type.Literal('token'),
  Type.Literal('internal'),
]);
const Case = closed({
  as: Who,
  operation: Type.String({ minLength: 3, maxLength: 80, pattern: '^[a-z]+\\.[a-zA-Z]+$' }),
  /** For an operation that is not registered: what its contract would say. */
  effect: Type.Optional(Effect),
  risk: Type.Optional(Type.Union([Type.Literal('low'), Type.Literal('medium'), Type.Literal('high')])),
  undoable: Type.Optional(Type.Boolean()),
  label: Type.Optional(LabelSchema),
  documents: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
  workspace: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  zone: Type.Optional(Type.Union([Type.Literal('box'), Type.Literal('site'), Type.Literal('cloud')])),
  host: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
  purpose: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })),
  approved: Type.Optional(Type.Boolean()),
});
type Case = Static<typeof Case>;

const Rules = Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 16_384 }));
const Answer = closed({
  verdict: Type.Union([Type.Literal('allow'), Type.Literal('deny'), Type.Literal('ask')]),
  guardIds: Type.Array(Type.String()),
  ruleIds: Type.Array(Type.String()),
  reason: Type.String(),
  facts: Type.Record(Type.String(), Type.Unknown()),
});
const common = {
  since: 1,
  ...PLAIN_READ,
  scope: 'box.read',
  surfaces: ['ws', 'rest', 'cli'],
} as const;

export function policyOperations(room: PolicyRoom): AnyOperation[] {
  return [testOperation(room), showOperation(room)];
}

function testOperation(room: PolicyRoom): AnyOperation {
  return operation({
    ...common,
    id: 'policy.test',
    summary: { en: 'Ask policy what it would decide', zh: '询问策略会如何判定' },
    input: closed({
      cases: Type.Array(Case, { minItems: 1, maxItems: 200 }),
      /** Organisation rules to try instead of those in force. Nothing is installed. */
      policies: Type.Optional(Rules),
    }),
    output: closed({ policyHash: Type.String(), answers: Type.Array(Answer) }),
    errors: ['POLICY_BUNDLE_INVALID', 'UNAVAILABLE'],
    examples: [
      { note: 'may an agent edit?', input: { cases: [{ as: 'agent', operation: 'doc.edit' }] } },
      {
        note: 'a candidate rule',
        input: {
          cases: [{ as: 'agent', operation: 'doc.edit', workspace: 'legal' }],
          policies: { 'all-read': 'permit (principal, action == Action::"read", resource);' },
        },
      },
    ],
    read: async (_ctx, { cases, policies }) => {
      const engine = await loadCedar();
      // From here to the answers nothing awaits: all candidates share one name in the engine.
      const policy = policies ? candidate(engine, { ...room.policy.bundle, policies }) : room.policy;
      const answers = cases.map((c) => {
        const request = requestOf(room, c);
        const { policyHash: _, ...decision } = policy.decide(request);
        return { ...decision, facts: { ...factsOf(request, policy.bundle.egress) } };
      });
      return { policyHash: policy.policyHash, answers };
    },
  });
}

function candidate(engine: Cedar, bundle: Bundle): Policy {
  const policy = new Policy({ bundle, setName: 'candidate' });
  policy.load(engine);
  return policy;
}

function showOperation(room: PolicyRoom): AnyOperation {
  const Rule = closed({ id: Type.String(), text: Type.String() });
  return operation({
    ...common,
    id: 'policy.show',
    summary: { en: 'The policy in force', zh: '当前生效的策略' },
    input: closed({}),
    output: closed({
      policyHash: Type.String(),
      guards: Type.Array(closed({ id: Type.String(), name: Type.String(), en: Type.String(), zh: Type.String() })),
      baseline: Type.Array(Rule),
      organisation: closed({
        orgId: Type.String(),
        version: Type.Integer(),
        expires: Type.Union([Type.Integer(), Type.Null()]),
        policies: Type.Array(Rule),
        egress: Type.Array(closed({ host: Type.String(), purposes: Type.Array(Type.String()) })),
      }),
      schema: Type.String(),
    }),
    errors: ['UNAVAILABLE'],
    examples: [{ note: 'guards, rules, hosts and what rules may ask about', input: {} }],
    read: () => {
      const { orgId, version, expires, policies, egress } = room.policy.bundle;
      return {
        policyHash: room.policy.policyHash,
        guards: GUARDS.map(({ id, name, text }) => ({ id, name, ...text })),
        baseline: rules(BASELINE_POLICIES),
        organisation: {
          orgId,
          version,
          expires: expires ?? null,
          policies: rules(policies),
          egress: egress.map(({ host, purposes }) => ({ host, purposes: [...purposes] })),
        },
        schema: organisationSchema(),
      };
    },
  });
}

function rules(policies: Readonly<Record<string, string>>): { id: string; text: string }[] {
  return Object.entries(policies).map(([id, text]) => ({ id, text }));
}

/** What each kind of caller's words count as. */
const LABELS: Record<Case['as'], Label> = {
  member: PERSON,
  agent: ORGANISATION,
  console: { ...PERSON, integrity: 3 },
  token: ORGANISATION,
  internal: ORGANISATION,
};

/** A made-up caller of the kind named, with every right: scopes are the door's question, not policy's. */
function requestOf(room: PolicyRoom, c: Case): PolicyRequest {
  const isAgent = c.as === 'agent';
  const kind: Caller['kind'] = c.as === 'member' ? 'device' : c.as;
  const known = room.contractOf(c.operation);
  const effect = c.effect ?? known?.effect ?? 'read';
  const label = c.label ?? LABELS[c.as];
  const workspace = c.workspace ?? 'workspace';
  const count = c.documents ?? (c.workspace === undefined ? 0 : 1);
  return {
    caller: {
      kind,
      surface: isAgent ? 'agent' : kind === 'console' ? 'console' : 'ws',
      personId: c.as === 'internal' ? null : 'person_test',
      personName: null,
      deviceId: kind === 'device' ? 'device_test' : null,
      sessionId: null,
      agent: isAgent ? 'agent@box' : null,
      taskId: isAgent ? 'task_test' : null,
      roles: c.as === 'member' ? ['member'] : c.as === 'token' ? ['api-client'] : [],
      scopes: SCOPES,
      deviceClass: kind === 'device' ? 'native' : 'none',
      label,
      locale: 'en',
      epoch: 0,
    },
    contract: {
      id: c.operation,
      effect,
      risk: c.risk ?? known?.risk ?? 'low',
      scope: known?.scope ?? (effect === 'read' ? 'doc.read' : 'doc.write'),
      undo: c.undoable === undefined ? (known?.undo ?? 'none') : c.undoable ? { by: 'doc.undo' } : 'none',
      ...(known?.minIntegrity === undefined ? {} : { minIntegrity: known.minIntegrity }),
    },
    facts: {
      targets: Array.from({ length: count }, (_, i) => ({
        kind: 'document' as const,
        id: `doc_${i}`,
        name: `${workspace}/${i}`,
      })),
      ...(c.zone ? { zone: c.zone } : {}),
      ...(c.host ? { destination: { host: c.host, port: 443, purpose: c.purpose ?? '' } } : {}),
    },
    contextLabel: label,
    approved: c.approved ?? false,
    now: room.now(),
  };
}
