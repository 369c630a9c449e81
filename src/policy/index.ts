export type { Bundle, EgressRule } from './bundle.ts';
export { type PolicyRoom, policyOperations } from './operations.ts';
export { Policy, type PolicyOptions } from './policy.ts';
export type { Decision, PolicyRequest, Verdict } from './request.ts';
