import { createHash } from 'node:crypto';
import { canonicalJson, fail } from '../common/index.ts';
import { BASELINE_FACTS, BASELINE_POLICIES, BASELINE_SCHEMA, ORGANISATION_FACTS } from './baseline.ts';
import { type Bundle, checkBundle, defaultBundle, organisationSchema } from './bundle.ts';
import { type Cedar, loadCedar, RuleSet } from './cedar.ts';
import { type Facts, factsOf } from './facts.ts';
import { GUARDS } from './guards/index.ts';
import type { Decision, PolicyRequest } from './request.ts';

export interface PolicyOptions {
  /** Left out: the bundle that ships with the box. */
  bundle?: Bundle;
  /** Name of the parsed set in the engine; left out: the policy hash, so that two policies never share one. */
  setName?: string;
}

/** What one look at the facts gave. */
interface Finding {
  isAllowed: boolean;
  guardIds: string[];
  ruleIds: string[];
  reason: string;
}

/**
 * Two tiers that must both agree: the baseline (guards in code, and the same rules in Cedar) and the organisation's
 * Cedar policy. `decide` is a pure function of the request and the loaded bundle; every error in it is a denial.
 */
export class Policy {
  readonly #given: Bundle | undefined;
  readonly #setName: string | undefined;
  #bundle: Bundle | undefined;
  #baseline: RuleSet | undefined;
  #organisation: RuleSet | undefined;
  #hash = '';

  constructor(options: PolicyOptions = {}) {
    this.#given = options.bundle;
    this.#setName = options.setName;
  }

  /** Loads the engine and parses both sets. Throws POLICY_BUNDLE_INVALID. */
  async start(): Promise<void> {
    if (!this.#organisation) this.load(await loadCedar());
  }

  /** The rest of `start`, in one go. */
  load(cedar: Cedar): void {
    const bundle = this.#given ?? defaultBundle();
    checkBundle(bundle);
    const hash = policyHashOf(bundle);
    const baseline = new RuleSet({
      cedar,
      name: 'baseline',
      schema: BASELINE_SCHEMA,
      policies: BASELINE_POLICIES,
      facts: BASELINE_FACTS,
      isPersonal: false,
    });
    const organisation = new RuleSet({
      cedar,
      name: this.#setName ?? hash,
      schema: organisationSchema(),
      policies: bundle.policies,
      facts: ORGANISATION_FACTS,
      isPersonal: true,
    });
    baseline.load({ validate: false });
    // The shipped texts are checked by a test; checking them again would cost every start.
    organisation.load({ validate: this.#given !== undefined });
    this.#bundle = bundle;
    this.#hash = hash;
    this.#baseline = baseline;
    this.#organisation = organisation;
  }

  /** SHA-256 over baseline, bundle and schema, in hex: which policy a decision was taken under. */
  get policyHash(): string {
    return this.#hash;
  }

  get bundle(): Bundle {
    if (!this.#bundle) throw fail('UNAVAILABLE', { reason: 'policy has not started' });
    return this.#bundle;
  }

  /** Pure. Throws UNAVAILABLE before `start`, and nothing afterwards. */
  decide(request: PolicyRequest): Decision {
    const facts = factsOf(request, this.bundle.egress);
    const finding = this.#judge(facts, request.now);
    if (finding.isAllowed) return this.#decision('allow', finding);
    // Asking a person is offered exactly where the person's yes would be enough.
    const approved = facts.approved ? undefined : this.#judge({ ...facts, approved: true }, request.now);
    if (!approved?.isAllowed) return this.#decision('deny', finding);
    return this.#decision('ask', { ...finding, ruleIds: approved.ruleIds, reason: 'a person must approve this' });
  }

  #judge(facts: Facts, now: number): Finding {
    const objecting = GUARDS.filter((guard) => guard.check(facts) !== 'abstain');
    if (objecting.length > 0) {
      const reason = objecting[0]!.text.en;
      return { isAllowed: false, guardIds: objecting.map((guard) => guard.id), ruleIds: [], reason };
    }
    const base = this.#baseline!.ask(facts);
    if (!base.allowed) return denied('base', base.ruleIds, base.error);
    if (isOutOfTime(this.bundle, facts, now)) return denied('org', [], 'the policy bundle is not in its time');
    const org = this.#organisation!.ask(facts);
    if (!org.allowed) return denied('org', org.ruleIds, org.error);
    const ruleIds = org.ruleIds.map((id) => `org/${id}`);
    return { isAllowed: true, guardIds: [], ruleIds, reason: 'policy permits it' };
  }

  #decision(verdict: Decision['verdict'], { guardIds, ruleIds, reason }: Finding): Decision {
    return { verdict, ruleIds, guardIds, policyHash: this.#hash, reason };
  }
}

function denied(tier: 'base' | 'org', ids: string[], error: string | null): Finding {
  const ruleIds = ids.map((id) => `${tier}/${id}`);
  const reason = error ?? (ids.length > 0 ? `${ruleIds[0]} forbids it` : 'no rule permits it');
  return { isAllowed: false, guardIds: [], ruleIds, reason };
}

/** An expired bundle stops effects; reading, taking back and handing out the record go on. */
function isOutOfTime(bundle: Bundle, facts: Facts, now: number): boolean {
  const isInTime = now >= (bundle.notBefore ?? 0) && now < (bundle.expires ?? Number.POSITIVE_INFINITY);
  if (isInTime || facts.effect === 'read') return false;
  return !['undo', 'redo', 'rollback', 'export'].includes(facts.verb);
}

export function policyHashOf(bundle: Bundle): string {
  const baseline = { schema: BASELINE_SCHEMA, policies: BASELINE_POLICIES };
  const text = canonicalJson({ baseline, bundle, schema: organisationSchema() });
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
