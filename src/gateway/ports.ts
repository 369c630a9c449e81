import type { Locale } from '../common/index.ts';
import type { Caller, Hello } from '../protocol/index.ts';

/** What the gateway asks of `identity`: turning proofs into callers. Every method may throw a catalogued error. */
export interface IdentityGate {
  boxId: string;
  /** A fresh challenge for a socket; also for its renewal. Single use. */
  challenge(connId: string, source: string): Record<string, unknown>;
  /** Verifies a signed `session.connect`. `origin` is the header as received, null without one. */
  connect(
    connId: string,
    params: unknown,
    seen: { origin: string | null; source: string },
  ): { caller: Caller; session: Hello['session']; protocol: number };
  renew(
    connId: string,
    params: unknown,
    seen: { origin: string | null; source: string },
  ): { caller: Caller; session: Hello['session'] };
  /** The socket is gone: its session is over. */
  disconnect(connId: string): void;
  /** Throws for a bearer or token that is unknown, expired or revoked. */
  callerForBearer(bearer: string, source: string): Caller;
  consoleCaller(locale: Locale): Caller;
  pairBegin(source: string, body: unknown): unknown;
  pairProve(source: string, body: unknown): Promise<unknown> | unknown;
  pairStatus(source: string, body: unknown, signal: AbortSignal): Promise<unknown>;
  /** Calls back at once after the revoking transaction, with the ids that are dead now. */
  onRevoked(listener: (dead: { deviceId?: string; personId?: string }) => void): () => void;
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
