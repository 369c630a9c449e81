import type { Locale } from '../common/index.ts';
import type { Label } from './labels.ts';
import type { Role, Scope } from './scopes.ts';

export type Surface = 'ws' | 'rest' | 'v1' | 'console' | 'agent' | 'internal';

/**
 * Who is asking: person x device x agent. Built by a surface from the box's own records at each request, never from
 * what the client says. `scopes` is already the intersection of every principal in it.
 */
export interface Caller {
  /** `console` is the box's own user or root on the unix socket; `internal` is the box acting for nobody (the watcher). */
  kind: 'device' | 'console' | 'token' | 'agent' | 'internal';
  surface: Surface;
  personId: string | null;
  personName: string | null;
  deviceId: string | null;
  sessionId: string | null;
  /** Set for an agent acting for the person, the shape of OAuth's `act` claim: `agent@box`. */
  agent: string | null;
  taskId: string | null;
  roles: readonly Role[];
  scopes: readonly Scope[];
  /** A browser has no admin scope and answers no high-risk approval until its ceiling is lifted. */
  deviceClass: 'native' | 'browser' | 'none';
  /** Label of what this caller types. */
  label: Label;
  locale: Locale;
  /** Sum of device, person and box epochs when the caller was built; the door compares it at each call. */
  epoch: number;
}

/** The box acting for nobody, with what it is given here by name and nothing else. */
export function boxCaller(scopes: readonly Scope[], label: Label): Caller {
  return {
    kind: 'internal',
    surface: 'internal',
    personId: null,
    personName: null,
    deviceId: null,
    sessionId: null,
    agent: null,
    taskId: null,
    roles: [],
    scopes,
    deviceClass: 'none',
    label,
    locale: 'en',
    epoch: 0,
  };
}

/** A caller as audit and approvals store it: enough to say who, never enough to act. */
export interface Actor {
  kind: Caller['kind'];
  surface: Surface;
  personId: string | null;
  deviceId: string | null;
  agent: string | null;
  taskId: string | null;
}

export function actorOf(caller: Caller): Actor {
  const known = actors.get(caller);
  if (known) return known;
  const { kind, surface, personId, deviceId, agent, taskId } = caller;
  const actor = { kind, surface, personId, deviceId, agent, taskId };
  actors.set(caller, actor);
  return actor;
}

/** One call may make thousands of versions. */
const actors = new WeakMap<Caller, Actor>();
