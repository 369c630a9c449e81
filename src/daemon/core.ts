import type { Clock, Logger } from '../common/index.ts';
import {
  Approvals,
  type AuditPort,
  approvalOperations,
  Door,
  type EndedCall,
  EventLog,
  Idempotency,
  type IdentityPort,
  type PolicyPort,
  Registry,
  registryOperations,
  TextStreams,
  Topics,
} from '../door/index.ts';
import type { Store } from '../store/index.ts';

const DAY = 86_400_000;
/** Events older than this are forgotten; a client that was away longer takes the snapshot. */
const KEEP_EVENTS_MS = 30 * DAY;
const SWEEP_MS = 3_600_000;
const EXPIRE_MS = 5_000;

export interface CoreOptions {
  store: Store;
  clock: Clock;
  /** Never goes back: what expired stays expired. */
  steady: Clock;
  log: Logger;
  /** Changes when the database was restored from a backup. */
  epoch: string;
  audit: AuditPort;
  policy: PolicyPort;
  identity: IdentityPort;
  recovery: string | undefined;
  /** Told of every call that ended. */
  observe?: ((ended: EndedCall) => void) | undefined;
}

/** The door with what belongs to it, and the sweeps that keep its tables small. */
export class Core {
  readonly registry = new Registry();
  readonly events: EventLog;
  readonly texts: TextStreams;
  readonly topics: Topics;
  readonly approvals: Approvals;
  readonly door: Door;
  readonly #idempotency: Idempotency;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #stops: (() => void)[] = [];

  constructor(options: CoreOptions) {
    const { store: db, clock, steady, log, epoch, audit, policy, identity, recovery, observe } = options;
    this.#clock = clock;
    this.#log = log;
    this.events = new EventLog({ db, clock, epoch });
    this.texts = new TextStreams({ db, clock, log, events: this.events });
    this.topics = new Topics({ db, events: this.events, texts: this.texts });
    this.approvals = new Approvals({ db, clock: steady, events: this.events, operatorId: identity.operatorId });
    this.#idempotency = new Idempotency({ db, clock });
    this.door = new Door({
      db,
      clock,
      log,
      registry: this.registry,
      events: this.events,
      approvals: this.approvals,
      idempotency: this.#idempotency,
      audit,
      policy,
      identity,
      recovery,
      observe,
    });
    this.registry.register(...registryOperations(this.registry), ...approvalOperations(this.approvals));
  }

  /** Call after every room has registered its operations: approved calls of before a crash run here. */
  async start(): Promise<void> {
    await this.texts.recover();
    this.#stops.push(
      this.approvals.onResolved((row) => {
        if (row.state === 'approved') void this.door.executeApproved(row);
      }),
    );
    await this.door.recover();
    this.#every(EXPIRE_MS, () => this.approvals.expire());
    this.#every(SWEEP_MS, async () => {
      await this.events.prune(this.#clock.now() - KEEP_EVENTS_MS);
      await this.#idempotency.prune();
    });
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  #every(ms: number, work: () => Promise<unknown>): void {
    let cancel = () => {};
    const next = () => {
      cancel = this.#clock.after(ms, () => {
        work().catch((error: unknown) => this.#log.warn({ error: String(error) }, 'sweep-failed'));
        next();
      });
    };
    next();
    this.#stops.push(() => cancel());
  }
}
