import { type Clock, fail } from '../common/index.ts';

export type CredentialKind = 'connect' | 'pair' | 'bearer' | 'token';

const MOST = 10;
const WINDOW_MS = 60_000;
const LOCK_MS = 300_000;
/** Sources remembered at once; an attacker with more addresses pushes out the oldest, never the box over. */
const MOST_SOURCES = 10_000;

interface Source {
  failures: number[];
  lockedUntil: number;
}

/**
 * Ten failed attempts within a minute lock one source for one kind of credential for five minutes, loopback included:
 * a hostile page or program on the same machine guesses from there. Runs on monotonic time.
 */
export class FailureLimiter {
  readonly #clock: Clock;
  readonly #sources = new Map<string, Source>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws LOCKED_OUT with the milliseconds left. Call it before looking at any credential. */
  assertOpen(address: string, kind: CredentialKind): void {
    const left = (this.#sources.get(keyOf(address, kind))?.lockedUntil ?? 0) - this.#clock.monotonic();
    if (left > 0) throw fail('LOCKED_OUT', { retryAfterMs: Math.ceil(left) });
  }

  /** Counts one failed attempt; true if this one locked the source. */
  failed(address: string, kind: CredentialKind): boolean {
    const now = this.#clock.monotonic();
    const key = keyOf(address, kind);
    const source = this.#sources.get(key) ?? { failures: [], lockedUntil: 0 };
    source.failures = [...source.failures.filter((at) => now - at < WINDOW_MS), now];
    // Newest last, so that the first key is the one to forget.
    this.#sources.delete(key);
    this.#sources.set(key, source);
    if (this.#sources.size > MOST_SOURCES) this.#sources.delete(this.#sources.keys().next().value!);
    if (source.failures.length < MOST) return false;
    source.failures = [];
    source.lockedUntil = now + LOCK_MS;
    return true;
  }
}

/** An IPv6 neighbour owns a whole /64, so it counts as one source; IPv4-mapped addresses count as the IPv4 one. */
function keyOf(address: string, kind: CredentialKind): string {
  const plain = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '').replace(/%.*$/, '');
  return `${kind} ${plain.includes(':') ? networkOf(plain) : plain}`;
}

function networkOf(ipv6: string): string {
  const [head = '', tail] = ipv6.toLowerCase().split('::');
  const front = head.split(':').filter(Boolean);
  const back = tail === undefined ? [] : tail.split(':').filter(Boolean);
  const middle = tail === undefined ? [] : Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0');
  return [...front, ...middle, ...back]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
