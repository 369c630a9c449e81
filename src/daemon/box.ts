import { join } from 'node:path';
import { Agent, agentMigrations, agentOperations, think } from '../agent/index.ts';
import { AuditLog, auditHeadIn, auditMigrations, auditOperations } from '../audit/index.ts';
import { type Clock, fail, type Logger, newId } from '../common/index.ts';
import { assertPrivateBind, bindAddresses, type Config } from '../config/index.ts';
import { doorMigrations } from '../door/index.ts';
import { Egress, egressMigrations, egressOperations } from '../egress/index.ts';
import { Gateway } from '../gateway/index.ts';
import { Supervisor } from '../guest/index.ts';
import {
  Identity,
  identityMigrations,
  identityOperations,
  KeyFolder,
  TlsIdentity,
  type TlsMaterial,
} from '../identity/index.ts';
import { Inference, inferenceMigrations, inferenceOperations } from '../inference/index.ts';
import { Policy, policyOperations } from '../policy/index.ts';
import type { AnyOperation, Caller, Hello } from '../protocol/index.ts';
import { RealDoc, realdocMigrations, realdocOperations } from '../realdoc/index.ts';
import { Backups, backupOperations, Store } from '../store/index.ts';
import type { MetricRegistry } from '../telemetry/index.ts';
import { hostNames, localName, reachable } from './addresses.ts';
import { questionsOf, taskCaller } from './agent-ports.ts';
import { Core } from './core.ts';
import { diskCheck, Health } from './health.ts';
import { identityGate } from './identity-gate.ts';
import { machineFacts } from './machine.ts';
import { type BoxStatus, boxOperations } from './operations.ts';

export interface BoxOptions {
  config: Config;
  version: string;
  clock: Clock;
  log: Logger;
  metrics: MetricRegistry;
  /** Folder of the built web app. */
  webRoot: string | undefined;
  /** Replaces the engine guest's program; the guest protocol is the port (tests drive a scripted engine through it). */
  engineProgram?: string;
  /** Runs after the rooms registered their operations and before anything is served: more operations may be added. */
  extend?: (parts: Omit<Parts, 'gateway'>) => void;
  /** Why the settings could not be used: the box serves reads only and starts no guest until they are mended. */
  recovery?: string;
}

/** Every migration of every room, in the order the rooms stand. */
export const MIGRATIONS = [
  ...auditMigrations,
  ...identityMigrations,
  ...doorMigrations,
  ...inferenceMigrations,
  ...egressMigrations,
  ...realdocMigrations,
  ...agentMigrations,
];

/**
 * The composition root: builds the rooms from the ground up, wires their ports, starts and stops them in order.
 * Nothing imports it but the program and its tests.
 */
export class Box {
  readonly #o: BoxOptions;
  readonly #health: Health;
  readonly #startedAt: number;
  readonly #stops: (() => Promise<void> | void)[] = [];
  #parts: Parts | undefined;

  constructor(options: BoxOptions) {
    this.#o = options;
    this.#health = new Health(options.clock);
    this.#startedAt = options.clock.monotonic();
  }

  /** Resolves when the store is open, audited at its head, and the sockets listen. Never waits for a model. */
  async start(): Promise<void> {
    try {
      this.#parts = await this.#build();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** In reverse order of the start. Harmless when called twice. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) {
      try {
        await stop();
      } catch (error) {
        this.#o.log.warn({ error: String(error) }, 'stop-failed');
      }
    }
  }

  get parts(): Parts {
    if (!this.#parts) throw fail('UNAVAILABLE', { reason: 'the box is not running' });
    return this.#parts;
  }

  isLive(): boolean {
    return this.#health.live();
  }

  /** `host:port`, most useful first. */
  addresses(): string[] {
    const { gateway, addresses } = this.parts;
    return reachable(addresses, gateway.port);
  }

  async #build(): Promise<Parts> {
    const { config, clock, log, metrics } = this.#o;
    const addresses = bindAddresses(config.bind);
    assertPrivateBind(addresses);
    const store = new Store({ directory: config.data, migrations: MIGRATIONS, log });
    this.#stops.push(() => store.close());

    const keys = KeyFolder.open(join(config.data, 'keys'), log);
    const names = [localName(keys.boxId), ...config.hosts];
    const tls = new TlsIdentity({ keys, names, clock, log });
    const policy = new Policy();
    const [material] = await Promise.all([tls.start(), policy.start()]);
    this.#stops.push(() => tls.stop());

    const audit = new AuditLog({ db: store, clock, log, key: keys.audit, origin: `jingu/${keys.boxId}` });
    await audit.start();
    await store.recordRestore((tx, notice) => {
      audit.append(tx, { type: 'box-restored', actor: null, body: { ...notice, epoch: store.epoch } });
    });
    this.#stops.push(() => audit.stop());

    let gateway: Gateway | undefined;
    let core: Core | undefined;
    let inUse: TlsMaterial = material;
    const identity = new Identity({
      keys,
      spki: () => inUse.spkiSha256,
      endpoints: () => {
        const list = reachable(addresses, gateway?.port ?? config.port);
        return { addresses: list, page: `https://${list[0]}` };
      },
      db: store,
      clock,
      log,
      journal: {
        record: (tx, record) => void audit.append(tx, record),
        emit: (tx, topic, kind, data) => core?.events.emit(tx, topic, kind, data),
      },
    });
    await identity.start();
    this.#stops.push(() => identity.stop());

    core = new Core({
      store,
      clock,
      log,
      epoch: store.epoch,
      audit,
      policy,
      identity,
      recovery: this.#o.recovery,
    });
    const { events, registry, door } = core;
    audit.onCheckpoint((checkpoint) => {
      void store.write((tx) =>
        events.emit(tx, 'audit', 'audit-checkpoint', { size: checkpoint.size, root: checkpoint.root }),
      );
    });

    const supervisor = new Supervisor({ clock, log });
    this.#stops.push(() => supervisor.stop());
    const egress = new Egress({ supervisor, database: store, clock, log, directory: config.data });
    egress.start();
    this.#stops.push(() => egress.stop());
    const inference = new Inference({
      db: store,
      clock,
      log,
      host: {
        start: (spec) => supervisor.start(this.#o.engineProgram ? { ...spec, program: this.#o.engineProgram } : spec),
      },
      events,
      outbound: { open: (request, signal) => openOutbound(egress, request, signal) },
      modelDirectory: join(config.data, 'models'),
      otherDirectories: [config.models],
    });
    if (this.#o.recovery === undefined) inference.start();
    this.#stops.push(() => inference.stop());
    const invoke: typeof door.invoke = (caller, request, options) => door.invoke(caller, request, options);
    const realdoc = new RealDoc({
      db: store,
      clock,
      log,
      invoke,
      dataDirectory: config.data,
      caller: () => identity.internalCaller(),
    });
    const agent = new Agent({
      db: store,
      clock,
      log,
      invoke,
      events,
      questions: questionsOf(core.approvals),
      texts: core.texts,
      callerFor: taskCaller(identity),
      think,
    });

    const operations: AnyOperation[] = [
      ...auditOperations({ audit, db: store, exportDirectory: join(config.data, 'exports') }),
      ...backupOperations({
        backups: new Backups({
          store,
          clock,
          version: this.#o.version,
          root: config.data,
          include: ['keys'],
          directory: join(config.data, 'backups'),
          headIn: auditHeadIn,
        }),
      }),
      ...policyOperations({ policy, contractOf: (id) => registry.get(id), now: () => clock.now() }),
      ...identityOperations(identity),
      ...inferenceOperations(inference),
      ...egressOperations(),
      ...realdocOperations(realdoc),
      ...agentOperations({ agent, invoke }),
      ...boxOperations({
        status: () => this.status(),
        doctor: () => this.#health.run(),
        machine: machineFacts,
      }),
    ];
    registry.register(...operations);
    const inner = { store, keys, identity, audit, policy, core, supervisor, inference, realdoc, agent, addresses };
    this.#o.extend?.(inner);
    await core.start();
    this.#stops.push(() => core.stop());
    if (this.#o.recovery === undefined) await realdoc.start();
    this.#stops.push(() => realdoc.stop());
    if (this.#o.recovery === undefined) agent.start();
    this.#stops.push(() => agent.stop());

    gateway = new Gateway({
      clock,
      log,
      version: this.#o.version,
      names: hostNames(keys.boxId, addresses, config.hosts),
      listen: {
        addresses,
        port: config.port,
        tls: material,
        consolePath: join(config.data, 'jingu.sock'),
      },
      door,
      registry,
      events,
      texts: core.texts,
      topics: core.topics,
      identity: identityGate(identity),
      hello: { snapshot: (caller) => this.#snapshot(caller), auditHead: () => headOf(audit) },
      health: { live: () => this.isLive(), problems: () => this.#health.problems(), metrics: () => metrics.render() },
      webRoot: this.#o.webRoot,
    });
    const face = gateway;
    await face.start();
    this.#stops.push(() => face.stop());
    tls.onRenewed((renewed) => {
      inUse = renewed;
      face.useCertificate(renewed);
    });

    this.#watchHealth(store, audit);
    return { ...inner, gateway: face };
  }

  #watchHealth(store: Store, audit: AuditLog): void {
    const { config } = this.#o;
    this.#health.add(() => ({ check: 'database', ok: store.get('SELECT 1 AS one') !== undefined, seen: 'answers' }));
    this.#health.add(() => ({
      check: 'audit',
      ok: audit.head().size <= audit.size(),
      seen: `${audit.size()} records`,
    }));
    this.#health.add(diskCheck(config.data));
    this.#health.start();
    this.#stops.push(() => this.#health.stop());
  }

  async status(): Promise<BoxStatus> {
    const { identity, gateway, core, audit, supervisor, inference, agent } = this.parts;
    const guests = supervisor.list().map(({ name, state, reason, pid, starts, memoryBytes }) => ({
      name,
      state,
      reason,
      pid,
      starts,
      memoryMb: memoryBytes === null ? null : Math.round(memoryBytes / 1_048_576),
    }));
    return {
      name: this.#o.config.name,
      version: this.#o.version,
      boxId: identity.boxId,
      state: this.#o.recovery === undefined ? 'serving' : 'recovery',
      uptimeSeconds: Math.floor((this.#o.clock.monotonic() - this.#startedAt) / 1000),
      addresses: this.addresses(),
      sockets: gateway.sockets,
      memoryMb: Math.round(process.memoryUsage.rss() / 1_048_576),
      pendingApprovals: core.approvals.list({ person: null, states: ['pending'], limit: 500 }).length,
      runningTasks: agent.running,
      model: await describeModel(inference),
      auditSize: audit.size(),
      guests,
    };
  }

  /** What `hello` tells a person at once: read through the door, so their own rights decide. */
  async #snapshot(caller: Caller): Promise<Hello['snapshot']> {
    const { door } = this.parts.core;
    const read = async (operation: string, member: string): Promise<Record<string, unknown>[]> => {
      try {
        const { output } = await door.invoke(caller, { operation, input: {} });
        return ((output as Record<string, unknown>)[member] ?? []) as Record<string, unknown>[];
      } catch {
        // A caller without that right simply has none to see.
        return [];
      }
    };
    const [approvals, tasks] = await Promise.all([read('approval.list', 'approvals'), read('task.list', 'tasks')]);
    const health =
      this.#o.recovery !== undefined ? 'recovery' : this.#health.problems().length === 0 ? 'ok' : 'degraded';
    return { approvals, tasks, health };
  }
}

export interface Parts {
  store: Store;
  keys: KeyFolder;
  identity: Identity;
  audit: AuditLog;
  policy: Policy;
  core: Core;
  supervisor: Supervisor;
  inference: Inference;
  realdoc: RealDoc;
  agent: Agent;
  gateway: Gateway;
  addresses: string[];
}

function headOf(audit: AuditLog): Hello['auditHead'] {
  const { note, size, root } = audit.head();
  return { note, size, root };
}

/** A pull goes out by ticket; the call that asked for it is on record before the first byte leaves. */
async function openOutbound(
  egress: Egress,
  request: { url: string; class: 'model-pull'; range?: { from: number } },
  signal: AbortSignal,
) {
  const { url, class: kind, range } = request;
  return await egress.open({ url, class: kind, decisionId: newId('out'), signal, ...(range ? { range } : {}) });
}

async function describeModel({ models }: Inference): Promise<string> {
  for (const record of models.all()) {
    const { state } = await models.view(record);
    if (state !== 'absent') return `${record.id} (${state})`;
  }
  return 'none yet: bring a file with  jingu model import <file>';
}
