import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import {
  BASELINE_FACTS,
  BASELINE_POLICIES,
  BASELINE_SCHEMA,
  ORGANISATION_FACTS,
} from '../../../src/policy/baseline.ts';
import { defaultBundle, organisationSchema } from '../../../src/policy/bundle.ts';
import { type Cedar, loadCedar, RuleSet } from '../../../src/policy/cedar.ts';
import { type Facts, factsOf } from '../../../src/policy/facts.ts';
import { Policy, type PolicyRequest } from '../../../src/policy/index.ts';
import { joinLabels, type Label } from '../../../src/protocol/index.ts';
import { anyFacts, anyRequest, type Kind, label, OWN_LABEL, requestOf } from '../../support/policy-requests.ts';

const OPEN = { all: 'permit (principal, action, resource);' };
let cedar: Cedar;
beforeAll(async () => {
  cedar = await loadCedar();
});

function policyWith(policies: Record<string, string>, setName: string): Policy {
  const policy = new Policy({ bundle: { ...defaultBundle(), policies }, setName });
  policy.load(cedar);
  return policy;
}

/** Rules an organisation could write, harmless, careless and hostile. */
const rule = fc
  .record({
    effect: fc.constantFrom('permit', 'forbid'),
    when: fc.constantFrom(
      'true',
      'false',
      'context.agent',
      'context.approved',
      'context.zone == "cloud"',
      'context.integrity < 2',
      'context.confidentiality >= 2',
      'context.operation like "doc.*"',
      'context.documents + 9223372036854775807 > 0',
      'context.workspaces.contains("legal")',
    ),
  })
  .map(({ effect, when }) => `${effect} (principal, action, resource) when { ${when} };`);
const ids = ['all', 'G3', 'G4', 'G9', 'no-objection', 'baseline', 'org'];
const bundle = fc.dictionary(fc.constantFrom(...ids), rule, { minKeys: 1, maxKeys: 5 });

test('whatever the organisation writes, an allow is one that the baseline allows, and its denials stand', () => {
  const open = policyWith(OPEN, 'p-open');
  fc.assert(
    fc.property(bundle, fc.array(anyRequest, { minLength: 1, maxLength: 8 }), (policies, requests) => {
      const strict = policyWith(policies, 'p-any');
      for (const request of requests) {
        const base = open.decide(request);
        const both = strict.decide(request);
        // An open organisation policy leaves exactly the baseline.
        if (both.verdict === 'allow') expect(base.verdict).toBe('allow');
        if (base.verdict === 'deny') expect(both.verdict).toBe('deny');
        if (base.verdict === 'ask') expect(both.verdict).not.toBe('allow');
      }
    }),
    { numRuns: 80 },
  );
});

test('rules that carry the names of the baseline change nothing in it', () => {
  const named = policyWith(Object.fromEntries(ids.map((id) => [id, OPEN.all])), 'p-named');
  const open = policyWith(OPEN, 'p-open2');
  fc.assert(
    fc.property(anyRequest, (request) => {
      const [a, b] = [named.decide(request), open.decide(request)];
      expect([a.verdict, a.guardIds]).toEqual([b.verdict, b.guardIds]);
    }),
  );
});

test('a fact taken away never turns a denial into an allow', () => {
  const sets = [
    new RuleSet({
      cedar,
      name: 'p-base',
      schema: BASELINE_SCHEMA,
      policies: BASELINE_POLICIES,
      facts: BASELINE_FACTS,
      isPersonal: false,
    }),
    new RuleSet({
      cedar,
      name: 'p-org',
      schema: organisationSchema(),
      policies: defaultBundle().policies,
      facts: ORGANISATION_FACTS,
      isPersonal: true,
    }),
  ];
  const keys = [BASELINE_FACTS, ORGANISATION_FACTS] as readonly (readonly (keyof Facts)[])[];
  for (const set of sets) set.load({ validate: true });
  fc.assert(
    fc.property(anyFacts, fc.nat(), (facts, n) => {
      sets.forEach((set, i) => {
        const kept = keys[i]!.filter((_, at) => at !== n % keys[i]!.length);
        const context = Object.fromEntries(kept.map((key) => [key, facts[key]])) as Record<string, string>;
        const answer = set.evaluate(facts.effect, facts.principal, facts.operation, context);
        expect(answer.allowed).toBe(false);
        expect(answer.error).toContain('expected the record to have an attribute');
      });
    }),
  );
});

test('a decision kept is the decision made again', () => {
  const first = policyWith(defaultBundle().policies, 'p-first');
  fc.assert(
    fc.property(anyRequest, (request) => {
      const fresh = policyWith(defaultBundle().policies, 'p-fresh');
      const expected = fresh.decide(request);
      expect(first.decide(request)).toEqual(expected);
      expect(first.decide(request)).toEqual(expected);
    }),
    { numRuns: 40 },
  );
});

test('less trusted text or an approval missing never opens anything', () => {
  const policy = policyWith(defaultBundle().policies, 'p-mono');
  const rank = { deny: 0, ask: 1, allow: 2 };
  fc.assert(
    fc.property(anyRequest, (request) => {
      const now = rank[policy.decide(request).verdict];
      const lower = { ...request, contextLabel: joinLabels(request.contextLabel, label(0, 'restricted')) };
      expect(rank[policy.decide(lower).verdict]).toBeLessThanOrEqual(now);
      expect(rank[policy.decide({ ...request, approved: false }).verdict]).toBeLessThanOrEqual(now);
    }),
  );
});

const anyLabel: fc.Arbitrary<Label> = fc.record({
  integrity: fc.constantFrom<Label['integrity'][]>(0, 1, 2, 3),
  confidentiality: fc.constantFrom<Label['confidentiality'][]>('public', 'internal', 'secret', 'restricted'),
  restrictedTo: fc.subarray(['a', 'b', 'c']),
});

test('joining labels is commutative, associative and idempotent, and never raises trust or lowers secrecy', () => {
  const order = ['public', 'internal', 'secret', 'restricted'];
  fc.assert(
    fc.property(anyLabel, anyLabel, anyLabel, (a, b, c) => {
      const ab = joinLabels(a, b);
      expect(ab).toEqual(joinLabels(b, a));
      expect(joinLabels(ab, c)).toEqual(joinLabels(a, joinLabels(b, c)));
      expect(joinLabels(a, a)).toEqual(a);
      expect(ab.integrity).toBeLessThanOrEqual(a.integrity);
      expect(order.indexOf(ab.confidentiality)).toBeGreaterThanOrEqual(order.indexOf(a.confidentiality));
      expect(ab.restrictedTo).toEqual(expect.arrayContaining([...a.restrictedTo]));
    }),
  );
});

test('over every label, effect, caller, zone, risk and approval nothing gets past what must never happen', () => {
  const policy = policyWith(defaultBundle().policies, 'p-exhaustive');
  let asked = 0;
  for (const request of everyRequest()) {
    const { verdict } = policy.decide(request);
    const facts = factsOf(request, policy.bundle.egress);
    asked++;
    if (verdict === 'deny') continue;
    const seen = `${facts.caller} ${facts.effect} ${facts.zone} ${facts.integrity}/${facts.confidentiality}`;
    // Written from the promises, not from the rules.
    expect(facts.zone, seen).not.toBe('cloud');
    expect(facts.zone, seen).not.toBe('site');
    if (facts.effect === 'send') expect(facts.confidentiality, seen).toBeLessThan(2);
    if (facts.effect !== 'read') expect(request.caller.personId, seen).not.toBeNull();
    if (facts.agent) expect(facts.effect, seen).not.toBe('admin');
    if (facts.effect === 'exec') expect(facts.zone, seen).toBe('box');
    const isFree = facts.effect === 'read' || facts.integrity >= 1;
    if (verdict === 'allow' && !request.approved) expect(isFree, seen).toBe(true);
    if (verdict === 'allow' && facts.agent && facts.risk > 0 && facts.effect !== 'read') {
      expect(request.approved, seen).toBe(true);
    }
  }
  expect(asked).toBe(4 * 4 * 5 * 5 * 4 * 3 * 2);
});

function* everyRequest(): Generator<PolicyRequest> {
  for (const integrity of [0, 1, 2, 3] as const)
    for (const secrecy of ['public', 'internal', 'secret', 'restricted'] as const)
      for (const effect of ['read', 'write', 'send', 'exec', 'admin'] as const)
        for (const as of Object.keys(OWN_LABEL) as Kind[])
          for (const zone of [undefined, 'box', 'site', 'cloud'] as const)
            for (const risk of ['low', 'medium', 'high'] as const)
              for (const approved of [false, true])
                yield requestOf({
                  as,
                  approved,
                  label: label(integrity, secrecy),
                  contract: { effect, risk },
                  facts: {
                    targets: [],
                    ...(zone ? { zone } : {}),
                    ...(effect === 'send'
                      ? { destination: { host: 'huggingface.co', port: 443, purpose: 'model' } }
                      : {}),
                  },
                });
}
