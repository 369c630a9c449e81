export { type Actor, actorOf, boxCaller, type Caller, type Surface } from './caller.ts';
export { type InputOf, needsKey, type OperationContract, type OutputOf, PLAIN_READ, type Text } from './contract.ts';
export { contentSecurityPolicy, PAGE_HEADERS } from './csp.ts';
export {
  CallParams,
  CancelParams,
  Cursor,
  OpenText,
  SubscribeParams,
  SubscribeResult,
  Topic,
  UnsubscribeParams,
} from './frames.ts';
export type { Hello } from './hello.ts';
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
  auditLeaf,
  type Checkpoint,
  checkWitness,
  fromBase64,
  parseCheckpoint,
  verifyCheckpoint,
  verifyConsistency,
  verifyInclusion,
  type WitnessVerdict,
} from './merkle.ts';
export {
  type ActionFacts,
  type AnyOperation,
  type BoxEvent,
  EVENT_SCOPES,
  type EventKind,
  MOST_PREPARATIONS,
  type Operation,
  operation,
  PrepareAgain,
  type ReadContext,
  type Target,
  type WriteContext,
} from './operation.ts';
export {
  boxIdFromHash,
  boxTranscript,
  checkNumber,
  grantText,
  PAIR_KEY_INFO,
  PAIR_PROTOCOL,
  type PairTranscript,
  pairStatusText,
  pairTranscript,
} from './pairing.ts';
export {
  DevicePublicKey,
  KeyAlgorithm,
  PairBegin,
  PairBegun,
  PairGrant,
  PairProve,
  PairProven,
  PairState,
  PairStatus,
  PairStatusAnswer,
} from './pairing-frames.ts';
export { formatPairingLink, formatPairingPage, type PairingLink, parsePairingLink } from './pairing-link.ts';
export {
  CLOSE,
  decodeFrame,
  errorFrame,
  eventFrame,
  type Frame,
  LIMITS,
  type Limits,
  METHODS,
  notificationFrame,
  PATHS,
  PROTOCOL_RANGE,
  type RpcError,
  type RpcId,
  readEvent,
  requestFrame,
  resultFrame,
  rpcError,
  SUBPROTOCOL,
  type TextDelta,
  textFrame,
} from './rpc.ts';
export { closed, DocPath, Id, LabelSchema, Name, Page, type Static, Type, Version } from './schema.ts';
export { BROWSER_CEILING, ROLES, type Role, SCOPES, type Scope, scopesOf } from './scopes.ts';
export { connectText, helloText, RENEW_BEFORE_MS, renewText } from './session.ts';
export { Bearer, Challenge, Connect, Renew, SessionProof } from './session-frames.ts';
export { VersionBy, VersionGroup } from './version-group.ts';
