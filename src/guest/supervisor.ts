import { type Clock, fail, type Logger } from '../common/index.ts';
import type { BackoffOptions } from './backoff.ts';
import { ConnectStarter } from './connect-starter.ts';
import { Guest } from './guest.ts';
import { SpawnStarter } from './spawn-starter.ts';
import type { GuestHandle, GuestSpec, GuestStatus, Starter } from './types.ts';

export interface SupervisorOptions {
  clock: Clock;
  log: Logger;
  backoff?: BackoffOptions;
  /** Replaces the way guests without a `socket` are started. */
  starter?: Starter;
}

/** Owns every guest of the box. `stop` leaves no process behind; so does a core that is killed. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #spawn: Starter;
  readonly #connect: Starter = new ConnectStarter();
  readonly #guests = new Map<string, Guest>();
  #stopping: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#spawn = options.starter ?? new SpawnStarter({ log: options.log });
  }

  /**
   * Takes a guest in and returns at once; with `restart: 'always'` it is starting by then. Throws UNAVAILABLE after
   * `stop`, and a plain `Error` for a name that is in use.
   */
  start(spec: GuestSpec): GuestHandle {
    if (this.#stopping !== undefined) throw fail('UNAVAILABLE', { reason: 'the box is stopping' });
    if (this.#guests.has(spec.name)) throw new Error(`there is already a guest "${spec.name}"`);
    const guest = new Guest({
      spec,
      starter: spec.socket === undefined ? this.#spawn : this.#connect,
      clock: this.#options.clock,
      log: this.#options.log,
      onStopped: () => this.#guests.delete(spec.name),
      ...optionalBackoff(spec.backoff ?? this.#options.backoff),
    });
    this.#guests.set(spec.name, guest);
    if (spec.restart === 'always') guest.start();
    return guest;
  }

  list(): GuestStatus[] {
    return [...this.#guests.values()].map((guest) => guest.status);
  }

  /** Stops all guests side by side and then the starters. Harmless when called twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    await Promise.all([...this.#guests.values()].map((guest) => guest.stop()));
    await this.#spawn.stop();
    await this.#connect.stop();
  }
}

function optionalBackoff(backoff: BackoffOptions | undefined): { backoff?: BackoffOptions } {
  return backoff ? { backoff } : {};
}
