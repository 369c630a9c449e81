import { type Clock, fail } from '../common/index.ts';
import type { PairBegin } from '../protocol/index.ts';
import type { Source } from './sessions.ts';

export const WINDOW_DEFAULT_S = 120;
export const WINDOW_MOST_S = 600;
const MOST_WINDOWS = 8;

/** One open window. The secret of its link is not here: only the key derived from it. */
export interface PairingWindow {
  readonly pairingId: string;
  readonly key: Buffer;
  /** Devices that have begun, by public key. */
  readonly begun: Map<string, { begin: PairBegin; boxNonce: string; source: Source }>;
  /** The key that has proved the secret. No other ever may, in this window. */
  boundTo: string | undefined;
  /** The transcript that is durable in the row. */
  proven: string | undefined;
}

interface Kept {
  window: PairingWindow;
  /** Monotonic milliseconds. */
  endsAt: number;
  cancelTimer: () => void;
}

/** The open windows, in memory, on monotonic time; and whoever waits for one to change. */
export class PairingWindows {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws RATE_LIMITED when too many are open. */
  assertRoom(): void {
    if (this.#kept.size >= MOST_WINDOWS) throw fail('RATE_LIMITED', { limit: `${MOST_WINDOWS} pairing windows` });
  }

  open(pairingId: string, key: Buffer, ms: number, onExpired: () => void): void {
    this.#kept.set(pairingId, {
      window: { pairingId, key, begun: new Map(), boundTo: undefined, proven: undefined },
      endsAt: this.#clock.monotonic() + ms,
      cancelTimer: this.#clock.after(ms, onExpired),
    });
  }

  /** The window if it is open right now. */
  live(pairingId: string): PairingWindow | undefined {
    return this.expiresInMs(pairingId) > 0 ? this.#kept.get(pairingId)?.window : undefined;
  }

  /** Milliseconds until an open window closes; 0 when it is not open. */
  expiresInMs(pairingId: string): number {
    const kept = this.#kept.get(pairingId);
    return kept ? Math.max(0, Math.floor(kept.endsAt - this.#clock.monotonic())) : 0;
  }

  ids(): string[] {
    return [...this.#kept.keys()];
  }

  /** Forgets a window and wakes whoever waits for it. Harmless when it is gone. */
  finish(pairingId: string): void {
    this.#kept.get(pairingId)?.cancelTimer();
    this.#kept.delete(pairingId);
    for (const wake of [...(this.#waiting.get(pairingId) ?? [])]) wake();
  }

  /** Forgets all and lets everybody go. */
  clear(): void {
    for (const id of new Set([...this.#kept.keys(), ...this.#waiting.keys()])) this.finish(id);
  }

  /** Resolves when the pairing ends, the time is over or the asker has gone. */
  changed(pairingId: string, ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const set = this.#waiting.get(pairingId) ?? new Set();
      this.#waiting.set(pairingId, set);
      const wake = () => {
        cancel();
        signal?.removeEventListener('abort', wake);
        set.delete(wake);
        if (set.size === 0) this.#waiting.delete(pairingId);
        resolve();
      };
      const cancel = this.#clock.after(ms, wake);
      set.add(wake);
      if (signal?.aborted) wake();
      else signal?.addEventListener('abort', wake, { once: true });
    });
  }
}
