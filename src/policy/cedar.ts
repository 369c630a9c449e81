import type { CedarValueJson, DetailedError } from '@cedar-policy/cedar-wasm/nodejs';
import { fail } from '../common/index.ts';
import type { Facts } from './facts.ts';

export type Cedar = typeof import('@cedar-policy/cedar-wasm/nodejs');

/** The library compiles four megabytes of WebAssembly when it is imported, so only a starting policy does that. */
export function loadCedar(): Promise<Cedar> {
  return import('@cedar-policy/cedar-wasm/nodejs');
}

export interface Answer {
  allowed: boolean;
  ruleIds: string[];
  /** Why there was no answer. Anything but null is a denial. */
  error: string | null;
}

export interface RuleSetOptions {
  cedar: Cedar;
  /** Process-wide name in the library's cache of parsed sets; the same name must mean the same text. */
  name: string;
  schema: string;
  policies: Readonly<Record<string, string>>;
  facts: readonly (keyof Facts)[];
  /** Rules name people. Without them the answer is the same for everyone, and kept once. */
  isPersonal: boolean;
}

/** One parsed policy set with its schema. Answers kept are bounded and depend on nothing but what was asked. */
export class RuleSet {
  readonly #o: RuleSetOptions;
  readonly #kept = new Map<string, Answer>();

  constructor(options: RuleSetOptions) {
    this.#o = options;
  }

  /** Parses once. `validate` also type-checks each rule against the schema. Throws POLICY_BUNDLE_INVALID. */
  load(options: { validate: boolean }): void {
    const { cedar, name, schema, policies } = this.#o;
    // By id: otherwise answers and errors speak of `policy0`.
    const staticPolicies = { ...policies };
    for (const [id, text] of Object.entries(policies)) {
      const parsed = cedar.policyToJson(text);
      if (parsed.type === 'failure') throw invalid(id, parsed.errors);
    }
    if (options.validate) {
      const checked = cedar.validate({ schema, policies: { staticPolicies } });
      if (checked.type === 'failure') throw invalid('schema', checked.errors);
      const first = checked.validationErrors[0];
      if (first) throw invalid(first.policyId, [first.error]);
    }
    const asSchema = cedar.preparseSchema(name, schema);
    if (asSchema.type === 'failure') throw invalid('schema', asSchema.errors);
    const asSet = cedar.preparsePolicySet(name, { staticPolicies });
    if (asSet.type === 'failure') throw invalid('policies', asSet.errors);
    this.#kept.clear();
  }

  ask(facts: Facts): Answer {
    const context: Record<string, CedarValueJson> = {};
    for (const key of this.#o.facts) context[key] = facts[key] as CedarValueJson;
    const principal = this.#o.isPersonal ? facts.principal : 'anyone';
    const key = JSON.stringify([facts.effect, principal, context]);
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const answer = this.evaluate(facts.effect, principal, facts.operation, context);
    if (this.#kept.size >= MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(key, answer);
    return answer;
  }

  /** One evaluation, nothing kept. A missing or ill-typed member, and any rule that errs, is an error here. */
  evaluate(effect: string, principal: string, operation: string, context: Record<string, CedarValueJson>): Answer {
    const { cedar, name } = this.#o;
    try {
      const result = cedar.statefulIsAuthorized({
        principal: { type: 'Caller', id: principal },
        action: { type: 'Action', id: effect },
        resource: { type: 'Operation', id: operation },
        context,
        entities: [],
        preparsedSchemaName: name,
        preparsedPolicySetId: name,
        validateRequest: true,
      });
      if (result.type === 'failure') return refusal(messageOf(result.errors));
      const { decision, diagnostics } = result.response;
      const [problem] = diagnostics.errors;
      // A forbid that errs is skipped by Cedar, so an error must never pass as an allow.
      if (problem) return refusal(`${problem.policyId}: ${problem.error.message}`);
      return { allowed: decision === 'allow', ruleIds: [...diagnostics.reason].sort(), error: null };
    } catch (error) {
      return refusal(error instanceof Error ? error.message : String(error));
    }
  }
}

const MOST_KEPT = 2_000;

function refusal(error: string): Answer {
  return { allowed: false, ruleIds: [], error };
}

function invalid(id: string, errors: DetailedError[]) {
  return fail('POLICY_BUNDLE_INVALID', { reason: `${id}: ${messageOf(errors)}`, rule: id });
}

function messageOf(errors: DetailedError[]): string {
  return errors.map((e) => e.message).join('; ');
}
