export { type Actor, actorOf, type Caller, type Surface } from './caller.ts';
export { type InputOf, needsKey, type OperationContract, type OutputOf, type Text } from './contract.ts';
export type { InvokeRequest, InvokeResult } from './invoke.ts';
export {
  type Confidentiality,
  EXTERNAL,
  type Integrity,
  joinLabels,
  type Label,
  ORGANISATION,
  PERSON,
  PUBLIC_SYSTEM,
} from './labels.ts';
export {
  type ActionFacts,
  type AnyOperation,
  type BoxEvent,
  EVENT_SCOPES,
  type EventKind,
  type Operation,
  operation,
  type ReadContext,
  type Target,
  type WriteContext,
} from './operation.ts';
export { closed, DocPath, Id, LabelSchema, Name, Page, type Static, Type, Version } from './schema.ts';
export { BROWSER_CEILING, ROLES, type Role, SCOPES, type Scope, scopesOf } from './scopes.ts';
