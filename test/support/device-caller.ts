import { type Caller, PERSON } from '../../src/protocol/index.ts';

/** A person at a device of their own, as a surface would build it. */
export function deviceCaller(personId: string, more: Partial<Caller> = {}): Caller {
  return {
    kind: 'device',
    surface: 'ws',
    personId,
    personName: personId,
    deviceId: null,
    sessionId: null,
    agent: null,
    taskId: null,
    roles: [],
    scopes: [],
    deviceClass: 'native',
    label: PERSON,
    locale: 'en',
    epoch: 0,
    ...more,
  };
}
