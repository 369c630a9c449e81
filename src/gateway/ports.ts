import type { Readable } from 'node:stream';
import type { Locale } from '../common/index.ts';
import type { Caller, Hello, Surface } from '../protocol/index.ts';

/** What the gateway asks of `identity`: turning proofs into callers. Every method may throw a catalogued error. */
export interface IdentityGate {
  boxId: string;
  /** A fresh challenge for a socket; also for its renewal. Single use. */
  challenge(connId: string): object;
  /** Verifies a signed `session.connect`. */
  connect(connId: string, params: unknown, seen: Seen): { caller: Caller; session: Hello['session']; protocol: number };
  renew(connId: string, params: unknown, seen: Seen): { caller: Caller; session: Hello['session'] };
  /** A credential for REST, for the device of this socket. */
  bearer(connId: string): object;
  /** Today's caller of a socket: roles, ceilings and people may have changed since it connected. */
  current(connId: string): Caller;
  /** The socket is gone: its session is over. */
  disconnect(connId: string): void;
  /** Throws for a bearer or token that is unknown, expired or revoked. */
  callerForBearer(bearer: string, source: string, surface: Surface, locale: Locale): Caller;
  consoleCaller(locale: Locale): Caller;
  pairBegin(seen: Seen, body: unknown): Promise<object>;
  pairProve(seen: Seen, body: unknown): Promise<object>;
  pairStatus(seen: Seen, body: unknown, signal: AbortSignal): Promise<object>;
  /** Calls back in the turn of a commit that ended something: ask `standing` of everybody who holds a connection. */
  onRevoked(listener: () => void): () => void;
  /** `changed`: the rights are others now and must be proved anew. `revoked`: there is nothing to prove any more. */
  standing(caller: Caller): 'good' | 'changed' | 'revoked';
}

/** What the gateway itself saw of a peer. */
export interface Seen {
  /** The `Origin` header as received, null without one. */
  origin: string | null;
  source: string;
}

/** What `hello` needs from the rest of the box. */
export interface HelloFacts {
  snapshot(caller: Caller): Promise<Hello['snapshot']>;
  auditHead(): Hello['auditHead'];
}

export interface HealthPort {
  live(): boolean;
  /** Empty when ready. */
  problems(): string[];
  metrics(): Promise<string> | string;
}

/** Files in and out, by digest. Every method may throw a catalogued error. */
export interface BlobPort {
  readonly maxBytes: number;
  /** Bytes of the blob; undefined when it is not there. */
  stat(sha256: string): Promise<number | undefined>;
  stream(sha256: string, range?: { from: number; to: number }): Promise<Readable>;
  received(owner: string, sha256: string): Promise<UploadState>;
  receive(
    owner: string,
    sha256: string,
    part: { from: number; length: number | undefined; total: number | undefined },
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<UploadState>;
}

export interface UploadState {
  received: number;
  complete: boolean;
}
