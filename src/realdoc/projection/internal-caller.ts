import { type Caller, ORGANISATION } from '../../protocol/index.ts';

/** The box itself, acting for nobody: it may read and write documents and nothing else. */
export function internalCaller(): Caller {
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
    scopes: ['doc.read', 'doc.write'],
    deviceClass: 'none',
    label: ORGANISATION,
    locale: 'en',
    epoch: 0,
  };
}
