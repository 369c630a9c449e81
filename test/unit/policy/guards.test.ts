import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BASELINE_FACTS, BASELINE_POLICIES, BASELINE_SCHEMA } from '../../../src/policy/baseline.ts';
import { loadCedar, RuleSet } from '../../../src/policy/cedar.ts';
import { factsOf } from '../../../src/policy/facts.ts';
import { GUARDS } from '../../../src/policy/guards/index.ts';
import { anyFacts, label, type RequestParts, requestOf } from '../../support/policy-requests.ts';

const EGRESS = [
  { host: 'huggingface.co', purposes: ['model'] },
  { host: '*.hf.co', purposes: ['model'] },
];

function objecting(parts: RequestParts): string[] {
  const facts = factsOf(requestOf(parts), EGRESS);
  return GUARDS.filter((guard) => guard.check(facts) === 'deny').map((guard) => guard.id);
}

const to = (host: string, purpose = 'model') => ({ targets: [], destination: { host, port: 443, purpose } });
const pull = { id: 'model.pull', effect: 'send', undo: 'none', scope: 'model.admin' } as const;

describe('each guard objects to its subject, and to that alone', () => {
  const cases: [string, string[], RequestParts][] = [
    ['a Skill to be run', ['G1', 'G2'], { contract: { id: 'skill.run', effect: 'exec', undo: 'none' } }],
    ['a list of Skills', [], { contract: { id: 'skill.list', effect: 'read' } }],
    ['code outside a zone', ['G2'], { contract: { id: 'shell.run', effect: 'exec', undo: 'none' } }],
    ['a model running on the box', [], { contract: { id: 'model.load', effect: 'exec' }, facts: { zone: 'box' } }],
    ['a change decided by text from outside', ['G3'], { as: 'agent', label: label(0), contract: { minIntegrity: 1 } }],
    ['the same, approved', [], { as: 'agent', label: label(0), contract: { minIntegrity: 1 }, approved: true }],
    ['an undoable draft of integrity 0', [], { as: 'agent', label: label(0), contract: { minIntegrity: 0 } }],
    [
      'integrity 0 promised for what cannot be undone',
      ['G3'],
      { as: 'agent', label: label(0), contract: { minIntegrity: 0, undo: 'none' } },
    ],
    [
      'what an administrator must decide, approved by a person',
      ['G3'],
      { contract: { minIntegrity: 3 }, approved: true },
    ],
    ['text from outside named in the facts', ['G3'], { as: 'agent', facts: { label: label(0) } }],
    [
      'a secret sent to a listed host',
      ['G4'],
      { contract: pull, facts: to('huggingface.co'), label: label(2, 'secret') },
    ],
    [
      'a restricted document sent',
      ['G4'],
      {
        contract: pull,
        facts: { ...to('huggingface.co'), targets: [{ kind: 'document', id: 'd', label: label(1, 'restricted') }] },
      },
    ],
    ['a secret kept in the house', [], { label: label(2, 'secret') }],
    ['a host on the list', [], { contract: pull, facts: to('huggingface.co') }],
    ['a host below a listed name', [], { contract: pull, facts: to('cdn-lfs.hf.co') }],
    ['the bare name of a wildcard', ['G5'], { contract: pull, facts: to('hf.co') }],
    ['a name that only ends alike', ['G5'], { contract: pull, facts: to('evilhf.co') }],
    ['a listed host for another purpose', ['G5'], { contract: pull, facts: to('huggingface.co', 'mail') }],
    ['a send without a destination', ['G5'], { contract: pull, facts: { targets: [] } }],
    ['an effect of nobody', ['G6'], { as: 'internal' }],
    ['an effect of a device without a person', ['G6'], { caller: { personId: null } }],
    ['the box taking in a saved file', [], { as: 'internal', contract: { id: 'doc.import' } }],
    ['a read of nobody', [], { as: 'internal', contract: { id: 'doc.read', effect: 'read' } }],
    [
      'an agent reading the record',
      ['G7'],
      { as: 'agent', contract: { id: 'audit.list', effect: 'read', scope: 'box.read' } },
    ],
    [
      'an agent answering an approval',
      ['G7'],
      { as: 'agent', contract: { id: 'approval.answer', scope: 'approval.answer' } },
    ],
    ['an agent administrating', ['G7'], { as: 'agent', contract: { id: 'thing.set', effect: 'admin' } }],
    [
      'an agent with an admin scope',
      ['G7'],
      { as: 'agent', contract: { id: 'thing.show', effect: 'read', scope: 'policy.admin' } },
    ],
    ['an agent adding a workspace', ['G7'], { as: 'agent', contract: { id: 'workspace.add' } }],
    [
      'an agent listing workspaces',
      [],
      { as: 'agent', contract: { id: 'workspace.list', effect: 'read', scope: 'doc.read' } },
    ],
    ['an administrator doing so', [], { contract: { id: 'policy.install', effect: 'admin', scope: 'policy.admin' } }],
    ['an edit that cannot be recorded', ['G8'], { facts: { keepsUndo: false } }],
    ['the cloud', ['G9'], { contract: { id: 'infer.chat', effect: 'read', scope: 'infer' }, facts: { zone: 'cloud' } }],
    ['telemetry', ['G5', 'G10'], { contract: pull, facts: to('huggingface.co', 'telemetry') }],
    ['an approval used before', ['G11'], { approved: true, spent: true }],
    [
      'lifting the ceiling of the own device',
      ['G12'],
      {
        contract: { id: 'device.setCeiling', effect: 'admin', scope: 'device.admin' },
        facts: { targets: [{ kind: 'device', id: 'device_1' }] },
      },
    ],
    [
      'lifting that of another device',
      [],
      {
        contract: { id: 'device.setCeiling', effect: 'admin', scope: 'device.admin' },
        facts: { targets: [{ kind: 'device', id: 'device_2' }] },
      },
    ],
    [
      'revoking the own device',
      [],
      {
        contract: { id: 'device.revoke', effect: 'admin', scope: 'device.admin' },
        facts: { targets: [{ kind: 'device', id: 'device_1' }] },
      },
    ],
    ['a plain edit by a person', [], {}],
    ['a plain edit by an agent', [], { as: 'agent' }],
  ];
  test.each(cases)('%s: %j', (_name, ids, parts) => {
    expect(objecting(parts)).toEqual(ids);
  });

  test('all twelve are there, in order, and each of them has objected above', () => {
    expect(GUARDS.map((guard) => guard.id)).toEqual(Array.from({ length: 12 }, (_, i) => `G${i + 1}`));
    expect(new Set(cases.flatMap(([, ids]) => ids)).size).toBe(12);
    for (const guard of GUARDS) expect(guard.text.en && guard.text.zh).toBeTruthy();
  });
});

test('the baseline in Cedar objects exactly where the guards do, by the same names', async () => {
  const rules = new RuleSet({
    cedar: await loadCedar(),
    name: 'guards-test',
    schema: BASELINE_SCHEMA,
    policies: BASELINE_POLICIES,
    facts: BASELINE_FACTS,
    isPersonal: false,
  });
  rules.load({ validate: true });
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const inCode = GUARDS.filter((guard) => guard.check(facts) === 'deny').map((guard) => guard.id);
      const inCedar = rules.ask(facts);
      expect(inCedar.error).toBeNull();
      expect(inCedar.allowed).toBe(inCode.length === 0);
      expect(inCedar.ruleIds).toEqual(inCode.length === 0 ? ['no-objection'] : [...inCode].sort());
    }),
    { numRuns: 1_500 },
  );
});
