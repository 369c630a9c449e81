import { statfs } from 'node:fs/promises';
import type { Clock, Reader } from '../common/index.ts';

export interface Finding {
  check: string;
  ok: boolean;
  /** What was observed, never what the configuration hopes. */
  seen: string;
  /** What to do when it is not ok. */
  next?: string;
}

export type Check = () => Finding | Promise<Finding>;

/** Below this the box says so before writes begin to fail. */
const LEAST_FREE_BYTES = 512 * 1024 * 1024;

/** Less than this is an ordinary correction. */
const MOST_BEHIND_MINUTES = 5;

/** How often the probes run by themselves, so that `/readyz` is never older than this. */
const LOOK_MS = 30_000;

/** The same probes behind `/readyz`, `box.doctor` and the watchdog. A probe that throws is a finding, not a fault. */
export class Health {
  readonly #clock: Clock;
  readonly #checks: Check[] = [];
  #lastTurn: number;
  #cancel: (() => void) | undefined;
  #cancelLook: (() => void) | undefined;
  #problems: string[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastTurn = clock.monotonic();
  }

  add(check: Check): void {
    this.#checks.push(check);
  }

  start(): void {
    const turn = () => {
      this.#lastTurn = this.#clock.monotonic();
      this.#cancel = this.#clock.after(1000, turn);
    };
    turn();
    const look = () => {
      void this.run();
      this.#cancelLook = this.#clock.after(LOOK_MS, look);
    };
    look();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#cancelLook?.();
  }

  /** The event loop turned within the last 10 s. */
  live(): boolean {
    return this.#clock.monotonic() - this.#lastTurn < 10_000;
  }

  /** As of the last `run`. */
  problems(): string[] {
    return this.#problems;
  }

  async run(): Promise<Finding[]> {
    const findings = await Promise.all(
      this.#checks.map(async (check): Promise<Finding> => {
        try {
          return await check();
        } catch (error) {
          return { check: 'probe', ok: false, seen: error instanceof Error ? error.message : String(error) };
        }
      }),
    );
    this.#problems = findings.filter((f) => !f.ok).map((f) => `${f.check}: ${f.seen}`);
    return findings;
  }
}

export function diskCheck(path: string): Check {
  return async () => {
    const { bavail, bsize } = await statfs(path);
    const free = bavail * bsize;
    const ok = free >= LEAST_FREE_BYTES;
    const seen = `${Math.round(free / 1_048_576)} MB free`;
    return ok
      ? { check: 'disk', ok, seen }
      : { check: 'disk', ok, seen, next: 'free some space; below this, edits will soon be refused' };
  };
}

export function databaseCheck(db: Reader): Check {
  return () => ({ check: 'database', ok: db.get('SELECT 1 AS one') !== undefined, seen: 'answers' });
}

export function auditCheck(audit: { size(): number; head(): { size: number } }): Check {
  return () => {
    const records = audit.size();
    const signed = audit.head().size;
    return { check: 'audit', ok: signed <= records, seen: `${records} records, signed up to ${signed}` };
  };
}

/** A clock that was set back keeps nobody in, but times on records and files are then wrong. */
export function clockCheck(clock: { behind(): number }): Check {
  return () => {
    const minutes = Math.round(clock.behind() / 60_000);
    const ok = minutes < MOST_BEHIND_MINUTES;
    return ok
      ? { check: 'clock', ok, seen: 'not behind what was seen before' }
      : {
          check: 'clock',
          ok,
          seen: `${minutes} minutes behind the latest time this box has seen`,
          next: 'set the time of the machine (timedatectl); ends of tokens and approvals are counted from the latest time',
        };
  };
}
