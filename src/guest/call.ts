import { ERROR_CATALOGUE, type ErrorCode, fail, type JinguError } from '../common/index.ts';
import type { GuestRequestOptions, GuestSpec } from './types.ts';

/** One request on its way: made before the guest is ready, settled exactly once. */
export class Call {
  readonly method: string;
  readonly params: unknown;
  readonly body: readonly Uint8Array[] | undefined;
  readonly promise: Promise<unknown>;
  readonly #onPart: GuestRequestOptions['onPart'];
  readonly #cleanup: (() => void)[] = [];
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;
  #isSettled = false;

  constructor(method: string, params: unknown, options: Pick<GuestRequestOptions, 'onPart' | 'body'>) {
    this.method = method;
    this.params = params;
    this.body = options.body;
    this.#onPart = options.onPart;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Runs once the call is settled, in order; at once if it already is. */
  whenSettled(fn: () => void): void {
    if (this.#isSettled) fn();
    else this.#cleanup.push(fn);
  }

  resolve(value: unknown): void {
    if (this.#settle()) this.#resolve(value);
  }

  reject(error: unknown): void {
    if (this.#settle()) this.#reject(error);
  }

  /** Resolves when the part is consumed. A throw of the consumer settles the call with it. */
  async deliver(part: unknown): Promise<void> {
    if (this.#isSettled) return;
    try {
      await this.#onPart?.(part);
    } catch (error) {
      this.reject(error);
    }
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    for (const fn of this.#cleanup.splice(0)) fn();
    return true;
  }
}

/** Categories that decide about people and rights: no guest answers them unless its spec names the code. */
const NOT_FOR_GUESTS = new Set(['needs-person', 'unauthenticated', 'outcome-unknown']);

/** What a guest said went wrong, as an error of the box. The guest's words are never trusted to be in the catalogue. */
export function errorFromGuest(
  spec: GuestSpec,
  error: { code: string; message: string; details: Record<string, unknown> },
): JinguError {
  const known = Object.hasOwn(ERROR_CATALOGUE, error.code) ? (error.code as ErrorCode) : undefined;
  const isAllowed =
    known !== undefined && (spec.errors?.includes(known) ?? !NOT_FOR_GUESTS.has(ERROR_CATALOGUE[known].category));
  if (isAllowed && known !== 'GUEST_FAILED') return fail(known, error.details);
  return fail('GUEST_FAILED', { guest: spec.name, reason: error.message.slice(0, 1000), guestCode: error.code });
}
