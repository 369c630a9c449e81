import { CATEGORIES, type Category } from '../common/errors/kinds.ts';
import type { WireError } from '../common/index.ts';
import type { BoxEvent } from './operation.ts';

/** JSON-RPC 2.0 over one WebSocket: one JSON object a text frame, no batches, requests both ways. */
export const PATHS = {
  socket: '/ws',
  box: '/api/box',
  pairBegin: '/api/pair/begin',
  pairProve: '/api/pair/prove',
  pairStatus: '/api/pair/status',
  operation: '/api/op/',
  events: '/api/events/',
  uploads: '/api/uploads/',
  blobs: '/api/blobs/',
} as const;
export const SUBPROTOCOL = 'jingu';
/** Protocol numbers this build speaks. The box serves N and N-1. */
export const PROTOCOL_RANGE: readonly [min: number, max: number] = [1, 1];

/** Beside operations there are only these. */
export const METHODS = {
  challenge: 'challenge',
  connect: 'session.connect',
  renew: 'session.renew',
  ping: 'session.ping',
  /** A bearer for REST, for the device of this socket. */
  bearer: 'session.bearer',
  subscribe: 'stream.subscribe',
  unsubscribe: 'stream.unsubscribe',
  cancel: 'cancel',
  event: 'event',
  /** A part of a streamed answer: `{id, part}` for the call `id`. */
  part: 'part',
  text: 't',
} as const;

/** Start values, told to every client in `challenge` and `hello`. A client obeys what it is told. */
export const LIMITS = {
  frameBytesBeforeHello: 65_536,
  helloMs: 10_000,
  frameBytes: 1_048_576,
  requestsInFlight: 64,
  subscriptions: 128,
  /** Text deltas queued for one socket; past it they stop and one catch-up delta a message follows when drained. */
  textBufferBytes: 262_144,
  /** Anything queued for one socket; past it, or past `socketBufferMs` without progress, the socket is closed (1013). */
  socketBufferBytes: 4_194_304,
  socketBufferMs: 30_000,
  heartbeatMs: 15_000,
  heartbeatsMissed: 2,
  badAuthentications: 10,
  badAuthenticationWindowMs: 60_000,
  badAuthenticationLockMs: 300_000,
  sessionMs: 600_000,
  /** One file that is sent to `PATHS.uploads`. */
  uploadBytes: 67_108_864,
} as const;
export type Limits = { readonly [K in keyof typeof LIMITS]: number };

export const CLOSE = {
  restarting: 1001,
  protocolError: 1002,
  tooLarge: 1009,
  lagging: 1013,
  sessionEnded: 4001,
  revoked: 4003,
  noCommonProtocol: 4010,
} as const;

export type RpcId = number | string;

export interface RpcError {
  code: number;
  message: string;
  data: WireError;
}

/** The notification `{"method":"t","params":[stream, to, text]}`; `to` is the length of the whole text after it. */
export type TextDelta = [stream: number, to: number, text: string];

export type Frame =
  | { kind: 'request'; id: RpcId; method: string; params: Record<string, unknown> }
  | { kind: 'notification'; method: string; params: Record<string, unknown> }
  | { kind: 'text'; stream: number; to: number; text: string }
  | { kind: 'result'; id: RpcId; result: unknown }
  | { kind: 'error'; id: RpcId | null; error: RpcError }
  /** Answer it with this code; `id` is null where none could be read. */
  | { kind: 'invalid'; id: RpcId | null; code: 'MALFORMED' | 'REQUEST_INVALID'; reason: string };

/** Reads one frame. Never throws: what is not a message comes back as `invalid`. */
export function decodeFrame(text: string): Frame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'invalid', id: null, code: 'MALFORMED', reason: 'not JSON' };
  }
  if (!isObject(value)) return bad(null, Array.isArray(value) ? 'batches are not taken' : 'not an object');
  const { id, method } = value;
  if (method === METHODS.text && id === undefined) return decodeText(value['params']);
  const safeId = isId(id) ? id : null;
  if (value['jsonrpc'] !== '2.0') return bad(safeId, 'jsonrpc must be "2.0"');
  if (method !== undefined) {
    if (typeof method !== 'string' || method.length === 0 || method.length > 100) return bad(safeId, 'method');
    const params = value['params'] ?? {};
    if (!isObject(params)) return bad(safeId, 'params must be an object');
    if (id === undefined) return { kind: 'notification', method, params };
    return isId(id) ? { kind: 'request', id, method, params } : bad(null, 'id must be an integer or a short string');
  }
  if ('error' in value) return decodeError(id, value['error']);
  if ('result' in value && isId(id)) return { kind: 'result', id, result: value['result'] };
  return bad(safeId, 'neither request nor response');
}

export function requestFrame(id: RpcId, method: string, params: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}

export function notificationFrame(method: string, params: object): string {
  return JSON.stringify({ jsonrpc: '2.0', method, params });
}

export function resultFrame(id: RpcId, result: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', id, result: result ?? null });
}

/** `id` null: the request could not be read (JSON-RPC 2.0 section 5). */
export function errorFrame(id: RpcId | null, error: WireError): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error: rpcError(error) });
}

export function rpcError(error: WireError): RpcError {
  return { code: CATEGORIES[error.category].number, message: error.message, data: error };
}

export function eventFrame(event: BoxEvent): string {
  return notificationFrame(METHODS.event, event);
}

/** The short form has no `jsonrpc`: these are most of the frames of a running task. */
export function textFrame(stream: number, to: number, text: string): string {
  return `{"method":"t","params":[${stream},${to},${JSON.stringify(text)}]}`;
}

/** Params of an `event` notification. Unknown kinds pass: a client ignores what it does not know. */
export function readEvent(params: Record<string, unknown>): BoxEvent | undefined {
  const { topic, epoch, seq, kind, at, data } = params;
  const ok =
    typeof topic === 'string' &&
    typeof epoch === 'string' &&
    Number.isSafeInteger(seq) &&
    typeof kind === 'string' &&
    typeof at === 'number' &&
    isObject(data);
  return ok ? (params as unknown as BoxEvent) : undefined;
}

function decodeText(params: unknown): Frame {
  if (!Array.isArray(params) || params.length !== 3) return bad(null, 'text delta');
  const [stream, to, text] = params as unknown[];
  const ok = Number.isSafeInteger(stream) && Number.isSafeInteger(to) && typeof text === 'string';
  if (!ok || (to as number) < text.length) return bad(null, 'text delta');
  return { kind: 'text', stream: stream as number, to: to as number, text };
}

function decodeError(id: unknown, error: unknown): Frame {
  if (!isObject(error) || typeof error['code'] !== 'number') return bad(isId(id) ? id : null, 'error object');
  const message = typeof error['message'] === 'string' ? error['message'] : '';
  return {
    kind: 'error',
    id: isId(id) ? id : null,
    error: { code: error['code'], message, data: wireError(error['code'], message, error['data']) },
  };
}

/** A foreign server may send no `data`, or an odd one: the category then follows from the number, retry is off. */
function wireError(code: number, message: string, data: unknown): WireError {
  const given = isObject(data) ? (data as Partial<WireError>) : {};
  const byNumber = (Object.keys(CATEGORIES) as Category[]).find((name) => CATEGORIES[name].number === code);
  const category =
    given.category !== undefined && given.category in CATEGORIES ? given.category : (byNumber ?? 'internal');
  return {
    ...given,
    code: typeof given.code === 'string' ? given.code : 'INTERNAL',
    category,
    message: typeof given.message === 'string' ? given.message : message,
    retryable: given.retryable === true,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isId(value: unknown): value is RpcId {
  return Number.isSafeInteger(value) || (typeof value === 'string' && value.length > 0 && value.length <= 64);
}

function bad(id: RpcId | null, reason: string): Frame {
  return { kind: 'invalid', id, code: 'REQUEST_INVALID', reason };
}
