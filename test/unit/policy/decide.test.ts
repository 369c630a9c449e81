import { beforeAll, describe, expect, test } from 'vitest';
import { defaultBundle } from '../../../src/policy/bundle.ts';
import { type Bundle, Policy } from '../../../src/policy/index.ts';
import { label, type RequestParts, requestOf } from '../../support/policy-requests.ts';

const policy = new Policy();
beforeAll(() => policy.start());

const decide = (parts: RequestParts) => policy.decide(requestOf(parts));
const infer = { id: 'infer.chat', effect: 'read', scope: 'infer', undo: 'none' } as const;
const agent = { as: 'agent' } as const;
const documents = (n: number) =>
  Array.from({ length: n }, (_, i) => ({ kind: 'document' as const, id: `d${i}`, name: `office/${i}.md` }));

describe('the policy that ships', () => {
  const cases: [string, 'allow' | 'ask' | 'deny', RequestParts][] = [
    ['a member edits a document', 'allow', {}],
    ['a member deletes what cannot be restored', 'allow', { contract: { undo: 'none', risk: 'high' } }],
    [
      'the console administers',
      'allow',
      { as: 'console', contract: { id: 'token.create', effect: 'admin', scope: 'device.admin' } },
    ],
    ['a token does not administer', 'deny', { as: 'token', contract: { id: 'token.create', effect: 'admin' } }],
    ['a token infers on the box', 'allow', { as: 'token', contract: infer, facts: { zone: 'box' } }],
    ['inference that does not say where', 'deny', { as: 'token', contract: infer }],
    ['inference at another site', 'deny', { as: 'token', contract: infer, facts: { zone: 'site' } }],
    [
      'inference in the cloud, for the console too',
      'deny',
      { as: 'console', contract: infer, facts: { zone: 'cloud' } },
    ],
    [
      'an agent reads',
      'allow',
      { ...agent, contract: { id: 'doc.read', effect: 'read', undo: 'none', scope: 'doc.read' } },
    ],
    [
      'an agent reads after text from outside',
      'allow',
      { ...agent, label: label(0), contract: { id: 'doc.read', effect: 'read', scope: 'doc.read' } },
    ],
    ['an agent edits', 'allow', agent],
    ['an agent edits after text from outside', 'ask', { ...agent, label: label(0) }],
    ['an agent does something of medium risk', 'ask', { ...agent, contract: { risk: 'medium' } }],
    [
      'an agent does what cannot be undone',
      'ask',
      { ...agent, contract: { id: 'doc.remove', risk: 'medium', undo: 'none' } },
    ],
    [
      'an agent rolls back one document',
      'allow',
      { ...agent, contract: { id: 'doc.rollback' }, facts: { targets: documents(1) } },
    ],
    [
      'an agent rolls back two',
      'ask',
      { ...agent, contract: { id: 'doc.rollback' }, facts: { targets: documents(2) } },
    ],
    [
      'an agent answers an approval',
      'deny',
      { ...agent, contract: { id: 'approval.answer', scope: 'approval.answer' } },
    ],
    [
      'an agent sends to a host nobody listed',
      'deny',
      {
        ...agent,
        contract: { id: 'mail.send', effect: 'send', undo: 'none' },
        facts: { targets: [], destination: { host: 'evil.example', port: 443, purpose: 'mail' } },
      },
    ],
    [
      'an agent pulls a model',
      'ask',
      {
        ...agent,
        contract: { id: 'model.pull', effect: 'send', undo: 'none' },
        facts: { targets: [], destination: { host: 'huggingface.co', port: 443, purpose: 'model' } },
      },
    ],
    ['the watcher takes in a save', 'allow', { as: 'internal', contract: { id: 'doc.import' } }],
    ['the watcher edits', 'deny', { as: 'internal' }],
  ];
  test.each(cases)('%s: %s', (_name, verdict, parts) => {
    const decision = decide(parts);
    expect(decision.verdict, decision.reason).toBe(verdict);
    expect(decision.policyHash).toBe(policy.policyHash);
  });

  test('what is asked is allowed once approved, and says which guard or rule made it so', () => {
    for (const [, verdict, parts] of cases) {
      if (verdict === 'allow') continue;
      const approved = decide({ ...parts, approved: true });
      expect(approved.verdict).toBe(verdict === 'ask' ? 'allow' : 'deny');
    }
    const outside = decide({ ...agent, label: label(0) });
    expect(outside).toMatchObject({ verdict: 'ask', guardIds: ['G3'] });
    expect(decide({ ...agent, contract: { risk: 'medium' } }).ruleIds).toEqual(['org/agent-approved']);
  });
});

describe('another bundle', () => {
  const make = async (policies: Record<string, string>, more: Partial<Bundle> = {}) => {
    const made = new Policy({ bundle: { ...defaultBundle(), policies, ...more }, setName: 'candidate' });
    await made.start();
    return made;
  };

  test('a rule may speak of workspaces and people', async () => {
    const made = await make({
      all: 'permit (principal, action, resource);',
      legal:
        'forbid (principal, action == Action::"write", resource) when { context.agent && context.workspaces.contains("legal") };',
      one: 'forbid (principal == Caller::"person_9", action, resource);',
    });
    const inLegal = { targets: [{ kind: 'document' as const, id: 'd', name: 'legal/nda.md' }] };
    expect(made.decide(requestOf({ ...agent, facts: inLegal })).ruleIds).toEqual(['org/legal']);
    expect(made.decide(requestOf({ facts: inLegal })).verdict).toBe('allow');
    expect(made.decide(requestOf({ caller: { personId: 'person_9' } })).ruleIds).toEqual(['org/one']);
  });

  test('a forbid that errs denies, although Cedar alone would skip it', async () => {
    const made = await make({
      all: 'permit (principal, action, resource);',
      errs: 'forbid (principal, action, resource) when { context.documents + 9223372036854775807 > 0 };',
    });
    const decision = made.decide(requestOf());
    expect(decision.verdict).toBe('deny');
    expect(decision.reason).toContain('errs');
  });

  test.each([
    ['bad Cedar', { broken: 'permit (principal' }, 'broken'],
    ['a fact that does not exist', { typo: 'permit (principal, action, resource) when { context.agnt };' }, 'typo'],
    [
      'a rule that compares unlike things',
      { odd: 'permit (principal, action, resource) when { context.risk == "low" };' },
      'odd',
    ],
    ['an id that is none', { 'a b': 'permit (principal, action, resource);' }, 'a b'],
    ['no rule', {}, '0 policies'],
  ])('%s is refused with the name of the rule', async (_name, policies, named) => {
    await expect(make(policies as Record<string, string>)).rejects.toMatchObject({
      code: 'POLICY_BUNDLE_INVALID',
      details: { reason: expect.stringContaining(named) },
    });
  });

  test('after its time a bundle lets people read and take back, and nothing else', async () => {
    const made = await make({ all: 'permit (principal, action, resource);' }, { expires: 2_000_000 });
    expect(made.decide(requestOf()).verdict).toBe('allow');
    const late = { now: 2_000_000 };
    expect(made.decide(requestOf(late)).verdict).toBe('deny');
    expect(made.decide(requestOf({ ...late, contract: { id: 'doc.undo' } })).verdict).toBe('allow');
    expect(made.decide(requestOf({ ...late, contract: { id: 'doc.read', effect: 'read' } })).verdict).toBe('allow');
  });

  test('another text gives another hash, the same text the same', async () => {
    const all = { all: 'permit (principal, action, resource);' };
    const [a, b, c] = [await make(all), await make({ ...all }), await make({ all: `${all.all} ` })];
    expect(a.policyHash).toBe(b.policyHash);
    expect(a.policyHash).not.toBe(c.policyHash);
    expect(a.policyHash).toMatch(/^[0-9a-f]{64}$/);
  });
});

test('before it has started, policy decides nothing', () => {
  expect(() => new Policy().decide(requestOf())).toThrow('policy has not started');
});
