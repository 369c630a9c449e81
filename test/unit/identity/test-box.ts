import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomToken, silentLogger } from '../../../src/common/index.ts';
import { Identity, identityMigrations, identityOperations, KeyFolder } from '../../../src/identity/index.ts';
import type { Caller, EventKind, WriteContext } from '../../../src/protocol/index.ts';
import { SteadyClock, Store } from '../../../src/store/index.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface Recorded {
  kind: string;
  data: Record<string, unknown>;
}

/** The identity room on a real store, with time that stands still. `crash` starts it again on the same files. */
export class TestBox {
  readonly clock = new VirtualClock();
  readonly spki = randomToken(32);
  readonly events: Recorded[] = [];
  readonly records: Recorded[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'jingu-identity-'));
  #store: Store | undefined;
  #identity: Identity | undefined;
  #steady: SteadyClock | undefined;

  static async start(): Promise<TestBox> {
    const box = new TestBox();
    await box.#open();
    return box;
  }

  get identity(): Identity {
    return this.#identity!;
  }

  get store(): Store {
    return this.#store!;
  }

  get folder(): string {
    return this.#folder;
  }

  /** All that memory held is gone; what was committed stays. */
  async crash(): Promise<void> {
    this.#identity?.stop();
    await this.#store?.close();
    this.#steady = undefined;
    await this.#open();
  }

  async stop(): Promise<void> {
    this.#identity?.stop();
    this.#identity?.stop();
    await this.#steady?.stop();
    await this.#store?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Runs one operation as the door would: prepare, then apply in one transaction. */
  async call<T = Record<string, unknown>>(id: string, input: object, caller?: Caller): Promise<T> {
    const op = identityOperations(this.identity).find((o) => o.id === id);
    if (!op) throw new Error(`no operation ${id}`);
    const who = caller ?? this.identity.consoleCaller();
    this.identity.assertCurrent(who);
    if (!who.scopes.includes(op.scope)) throw new Error(`SCOPE_MISSING ${op.scope}`);
    const base = {
      caller: who,
      callId: 'call_test',
      db: this.store,
      clock: this.clock,
      log: silentLogger,
      signal: new AbortController().signal,
      raise() {},
      stream() {},
      onEnd() {},
    };
    if (op.read) return (await op.read(base, input)) as T;
    const prepared = await op.prepare?.(base, input);
    return await this.store.write((tx) => {
      const emit = (_topic: string, kind: EventKind, data: Record<string, unknown>) => this.events.push({ kind, data });
      const ctx: WriteContext = { ...base, db: tx, tx, emit, undoWith() {} };
      return op.apply!(ctx, input, prepared) as T;
    });
  }

  async #open(): Promise<void> {
    this.#store = new Store({ directory: this.#folder, migrations: identityMigrations, log: silentLogger });
    this.#steady = new SteadyClock({ clock: this.clock, db: this.#store });
    await this.#steady.start();
    this.#identity = new Identity({
      keys: KeyFolder.open(join(this.#folder, 'keys'), silentLogger),
      spki: () => this.spki,
      endpoints: () => ({ addresses: ['192.168.1.7:7443', '[fd00::7]:7443'], page: 'https://jingu.local:7443' }),
      db: this.#store,
      clock: this.#steady,
      log: silentLogger,
      journal: {
        record: (_tx, { type, body }) => this.records.push({ kind: type, data: body }),
        emit: (_tx, _topic, kind, data) => this.events.push({ kind, data }),
      },
    });
    await this.#identity.start();
  }
}

/** The code of the error that `promise` ends in; `undefined` if it does not fail. */
export async function codeOf(promise: Promise<unknown> | (() => unknown)): Promise<string | undefined> {
  try {
    await (typeof promise === 'function' ? promise() : promise);
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
