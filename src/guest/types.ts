import type { Duplex } from 'node:stream';
import type { ErrorCode } from '../common/index.ts';
import type { BackoffOptions } from './backoff.ts';
import type { Jail } from './jail.ts';

export type GuestState = 'starting' | 'ready' | 'busy' | 'draining' | 'gone';

/** Why a guest is not there. */
export type GoneReason =
  | 'not-started'
  | 'stopped'
  | 'start-failed'
  | 'not-ready'
  | 'exited'
  | 'killed'
  | 'memory'
  | 'unresponsive'
  | 'stuck'
  | 'protocol';

export interface GuestLimits {
  /** Memory that the kernel cannot take back (anonymous, shared, swapped), in MiB. Over it the guest is killed. */
  memoryMb?: number;
  /** From start to `ready`. */
  readyMs: number;
  /** Deadline of a request that names none. Default 30 s. */
  requestMs?: number;
  /** A cancelled request that has not ended after this kills the guest. Default 30 s. */
  cancelMs?: number;
  /** Default 5 s; 0 sends no pings. */
  pingMs?: number;
  /** Pings without a sign of life before the guest is killed. Default 6. */
  missedPings?: number;
  /** How long `stop` waits for running requests. Default 5 s. */
  drainMs?: number;
  /** Requests at one time, waiting ones included. Default 64. */
  maxRequests?: number;
}

export interface GuestSpec {
  /** Unique among the guests of a supervisor; kebab-case, with an instance after a colon: `engine:qwen`. */
  name: string;
  /** The guest's main module. */
  program: URL | string;
  args?: readonly string[];
  /** The whole environment of the guest; nothing of the core's own is passed on. */
  env?: Readonly<Record<string, string>>;
  /** Flags for Node itself, such as `--max-old-space-size=256`. */
  nodeOptions?: readonly string[];
  /** libuv's pool (`UV_THREADPOOL_SIZE`). */
  threadPool?: number;
  /** -1000 to 1000; higher is killed first when the machine runs out of memory. Lowering needs a privilege. */
  oomScoreAdjust?: number;
  cwd?: string;
  /** Given to the guest's `onStart` at each start. Never logged. */
  init?: () => unknown;
  /** Where a jail can be built: what the guest sees of the file system. It runs without one where none can. */
  jail?: Jail;
  /** A unix socket of a service manager's unit: connect to it rather than spawn `program`. */
  socket?: string;
  limits: GuestLimits;
  /** `always`: up from the start and again after each end. `on-demand`: started by the first request. */
  restart: 'on-demand' | 'always';
  /** Left out: that of the supervisor. A guest that dies of what it is given is started again at once. */
  backoff?: BackoffOptions;
  /** Catalogue codes that the guest may answer; any other becomes GUEST_FAILED. Left out: those that decide nothing. */
  errors?: readonly ErrorCode[];
}

export interface GuestStatus {
  name: string;
  state: GuestState;
  reason: GoneReason | null;
  detail: string | null;
  pid: number | null;
  starts: number;
  memoryBytes: number | null;
}

export interface GuestRequestOptions {
  signal?: AbortSignal;
  timeoutMs?: number;
  /** Bytes that go with the parameters, in binary frames; not copied, so they must not change until the answer. */
  body?: readonly Uint8Array[];
  /** Gets each part in order. A returned promise holds the guest back; a throw cancels the request with that error. */
  onPart?: (part: unknown) => void | Promise<void>;
}

/** One guest over all its restarts. */
export interface GuestHandle {
  readonly name: string;
  readonly state: GuestState;
  readonly status: GuestStatus;
  /**
   * Starts the guest if need be. Rejects with GUEST_GONE (it ended meanwhile), GUEST_UNAVAILABLE (cannot be started),
   * GUEST_TIMEOUT, GUEST_BUSY, CANCELLED, TOO_LARGE, or the guest's own error.
   */
  request(method: string, params: unknown, options?: GuestRequestOptions): Promise<unknown>;
  /** Best effort: dropped when the guest is not ready. */
  notify(method: string, params: unknown): void;
  /** Resolves when the guest is ready, starting it if need be. Rejects like `request`. */
  ready(options?: { signal?: AbortSignal }): Promise<void>;
  /** The returned function takes the listener off. */
  on(event: 'state', listener: (status: GuestStatus) => void): () => void;
  on(event: 'notify', listener: (method: string, params: unknown) => void): () => void;
  /** Drains, then SIGTERM, then SIGKILL. The guest is not started again. Harmless when called twice. */
  stop(): Promise<void>;
}

export interface GuestExit {
  /** For a process: its code or signal. Null for both: a connection that closed. */
  code: number | null;
  signal: string | null;
  error?: string;
}

/** One running incarnation, however it was started. */
export interface GuestProcess {
  readonly pid: number | null;
  readonly stream: Duplex;
  /** True when the guest leads a process group of its own. */
  readonly isLeader: boolean;
  /** Resolves once, never rejects; everything the guest started in its group is dead by then. */
  readonly exited: Promise<GuestExit>;
  /** Undefined when it cannot be known from outside. */
  memoryBytes(): Promise<number | undefined>;
  /** To the guest and all its descendants in the group. Harmless after the end. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** How an incarnation comes to be. Rejects when it cannot be started. */
export interface Starter {
  start(spec: GuestSpec): Promise<GuestProcess>;
  stop(): Promise<void>;
}
