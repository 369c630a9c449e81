import { type Caller, type Confidentiality, type Integrity, joinLabels } from '../protocol/index.ts';
import type { EgressRule } from './bundle.ts';
import type { PolicyRequest } from './request.ts';

/**
 * The request as guards and rules see it: flat, total, without time and without text. Every member is always there,
 * since a rule that misses one would be skipped. Invariant: equal facts give equal decisions.
 */
export interface Facts {
  effect: 'read' | 'write' | 'send' | 'exec' | 'admin';
  operation: string;
  noun: string;
  verb: string;
  scope: string;
  /** 0 low, 1 medium, 2 high. */
  risk: number;
  undoable: boolean;
  minIntegrity: number;
  caller: Caller['kind'];
  /** Whom the call is for: a person id, or the kind of caller where there is none. */
  principal: string;
  agent: boolean;
  /** A verified person stands behind the call. */
  person: boolean;
  roles: readonly string[];
  deviceClass: string;
  integrity: Integrity;
  /** 0 public, 1 internal, 2 secret, 3 restricted. */
  confidentiality: number;
  restrictedTo: readonly string[];
  zone: 'none' | 'box' | 'site' | 'cloud';
  /** Something leaves the building. */
  external: boolean;
  host: string;
  purpose: string;
  /** The destination is on the egress list for its purpose. */
  listed: boolean;
  documents: number;
  /** Names or ids of the workspaces touched, sorted. */
  workspaces: readonly string[];
  approved: boolean;
  spent: boolean;
  /** The call can leave the undo record that its contract promises. */
  keepsUndo: boolean;
  /** The call would give its own caller a right. */
  selfGrant: boolean;
}

const RISKS = { low: 0, medium: 1, high: 2 } as const;
const LEVELS: readonly Confidentiality[] = ['public', 'internal', 'secret', 'restricted'];
/** Verbs that give rights or raise limits. */
const GRANTING = new Set([
  ...['grant', 'assign', 'promote', 'lift', 'raise', 'sign', 'approve', 'endorse', 'confirm'],
  ...['setRoles', 'setRole', 'setScopes', 'setCeiling', 'setLimit'],
]);

export function factsOf(request: PolicyRequest, egress: readonly EgressRule[]): Facts {
  const { caller, contract, facts } = request;
  const [noun = '', verb = ''] = contract.id.split('.');
  const zone = facts.zone ?? 'none';
  const { host = '', purpose = '' } = facts.destination ?? {};
  const moved = facts.targets.flatMap((target) => (target.label ? [target.label] : []));
  const deciding = joinLabels(request.contextLabel, ...(facts.label ? [facts.label] : []));
  const all = joinLabels(deciding, ...moved);
  const isUndoable = contract.undo !== 'none';
  const isSelf = (id: string) => id === caller.personId || id === caller.deviceId || id === caller.agent;
  return {
    effect: contract.effect,
    operation: contract.id,
    noun,
    verb,
    scope: contract.scope,
    risk: RISKS[contract.risk],
    undoable: isUndoable,
    minIntegrity: leastIntegrity(contract),
    caller: caller.kind,
    principal: caller.personId ?? caller.kind,
    agent: caller.kind === 'agent' || caller.agent !== null,
    person: caller.kind === 'console' || (caller.kind !== 'internal' && caller.personId !== null),
    roles: [...caller.roles].sort(),
    deviceClass: caller.deviceClass,
    // What is only touched says how secret the action is, not who decided it.
    integrity: deciding.integrity,
    confidentiality: LEVELS.indexOf(all.confidentiality),
    restrictedTo: all.restrictedTo,
    zone,
    external: host !== '' || contract.effect === 'send' || zone === 'cloud',
    host,
    purpose,
    listed: egress.some((rule) => isListed(rule, host, purpose)),
    documents: facts.targets.filter((target) => target.kind === 'document').length,
    workspaces: workspacesOf(facts.targets),
    approved: request.approved,
    spent: request.spent ?? false,
    keepsUndo: facts.keepsUndo ?? true,
    selfGrant: GRANTING.has(verb) && facts.targets.some((target) => isSelf(target.id)),
  };
}

/** Below 1 only for reads and for writes that can be taken back; whatever the contract says. */
function leastIntegrity(contract: PolicyRequest['contract']): Integrity {
  const isFree = contract.effect === 'read' || (contract.effect === 'write' && contract.undo !== 'none');
  const declared = contract.minIntegrity ?? (contract.effect === 'read' ? 0 : 1);
  return Math.max(declared, isFree ? 0 : 1) as Integrity;
}

/** `*.example.com` covers names below it, not the name itself. */
function isListed(rule: EgressRule, host: string, purpose: string): boolean {
  if (!rule.purposes.includes(purpose)) return false;
  if (rule.host.startsWith('*.')) return host.endsWith(rule.host.slice(1)) && host.length >= rule.host.length;
  return host !== '' && host === rule.host;
}

function workspacesOf(targets: PolicyRequest['facts']['targets']): string[] {
  const names = targets.flatMap((target) => {
    if (target.kind === 'workspace') return [target.id, ...(target.name ? [target.name] : [])];
    if (target.kind === 'document' && target.name?.includes('/')) return [target.name.split('/')[0]!];
    return [];
  });
  return [...new Set(names)].sort();
}
