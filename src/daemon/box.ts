import { join } from 'node:path';
import { type Clock, fail, type Logger } from '../common/index.ts';
import { assertPrivateBind, bindAddresses, type Config } from '../config/index.ts';
import { Gateway } from '../gateway/index.ts';
import { type Caller, type Hello, PROTOCOL_RANGE } from '../protocol/index.ts';
import type { MetricRegistry } from '../telemetry/index.ts';
import { hostNames, reachable } from './addresses.ts';
import { buildCapabilities, capabilityOperations, startCapabilities } from './capabilities.ts';
import { auditCheck, clockCheck, databaseCheck, diskCheck, Health } from './health.ts';
import { identityGate } from './identity-gate.ts';
import { machineFacts } from './machine.ts';
import { callMetrics, sampleParts, sampleProcess } from './metrics.ts';
import { boxOperations } from './operations.ts';
import type { Parts } from './parts.ts';
import { statusOf } from './status.ts';
import { buildTrust, type Trust, trustOperations } from './trust.ts';

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
    const { config, recovery, engineProgram, metrics, clock } = this.#o;
    const isRecovering = recovery !== undefined;
    const addresses = bindAddresses(config.bind);
    assertPrivateBind(addresses);
    let gateway: Gateway | undefined;
    const observe = callMetrics(metrics);
    const port = () => gateway?.port ?? config.port;
    const options = { ...this.#o, addresses, port, recovery, engineProgram, observe };
    const onStop = (stop: () => Promise<void> | void) => this.#stops.push(stop);
    onStop(sampleProcess(metrics));
    sampleParts(metrics, () => this.parts, clock);

    const trust = await buildTrust(options, onStop);
    const { core, identity, tls, keys } = trust;
    const rooms = buildCapabilities(trust, options);
    core.registry.register(
      ...trustOperations(trust, options),
      ...capabilityOperations(rooms, trust),
      ...boxOperations({
        status: () => this.status(),
        doctor: () => this.#health.run(),
        machine: machineFacts,
      }),
    );
    this.#o.extend?.({ ...trust, ...rooms, addresses });
    await core.start();
    onStop(() => core.stop());
    await startCapabilities(rooms, isRecovering, onStop);

    gateway = this.#gateway(trust, addresses);
    const face = gateway;
    await face.start();
    onStop(() => face.stop());
    tls.onRenewed((renewed) => face.useCertificate(renewed));
    if (config.beacon && !isRecovering) {
      const [min, max] = PROTOCOL_RANGE;
      rooms.beacon.start({ port: face.port, addresses, boxId: keys.boxId, label: config.name, protocol: { min, max } });
      onStop(() => rooms.beacon.stop());
    }
    this.#watchHealth(trust);
    if (!isRecovering) await this.#addWorkspaces(trust);
    return { ...trust, ...rooms, gateway: face, addresses, identity };
  }

  #gateway({ keys, core, identity, audit, material, blobs }: Trust, addresses: string[]): Gateway {
    const { config, clock, log, version, metrics, webRoot, recovery } = this.#o;
    const { door, registry, texts, topics } = core;
    const consolePath = join(config.data, 'jingu.sock');
    return new Gateway({
      clock,
      log,
      version,
      names: hostNames(keys.boxId, addresses, config.hosts),
      listen: { addresses, port: config.port, tls: material, consolePath },
      door,
      registry,
      texts,
      topics,
      identity: identityGate(identity),
      hello: {
        snapshot: (caller) => this.#snapshot(trustDoor(core), caller),
        auditHead: () => {
          const { note, size, root } = audit.head();
          return { note, size, root };
        },
      },
      health: { live: () => this.isLive(), problems: () => this.#health.problems(), metrics: () => metrics.render() },
      blobs,
      recovery,
      webRoot,
    });
  }

  #watchHealth({ store, audit, steady }: Trust): void {
    const { config } = this.#o;
    this.#health.add(databaseCheck(store));
    this.#health.add(auditCheck(audit));
    this.#health.add(diskCheck(config.data));
    this.#health.add(clockCheck(steady));
    this.#health.start();
    this.#stops.push(() => this.#health.stop());
  }

  /** Folders named in the settings, as the operator: a folder that is missing is said and does not stop the box. */
  async #addWorkspaces({ core, identity }: Trust): Promise<void> {
    const caller = identity.consoleCaller();
    for (const { name, root } of this.#o.config.workspaces) {
      const request = {
        operation: 'workspace.add',
        input: { name, root },
        idempotencyKey: `settings-${name}-${Date.now()}`,
      };
      const known = core.registry.get('workspace.list');
      const { output } = await core.door.invoke(caller, { operation: known!.id, input: {} });
      if ((output as { workspaces: { name: string }[] }).workspaces.some((w) => w.name === name)) continue;
      await core.door.invoke(caller, request).catch((error: unknown) => {
        this.#o.log.warn({ workspace: name, error: String(error) }, 'workspace-not-added');
      });
    }
  }

  status() {
    const { config, version, recovery, clock } = this.#o;
    const uptimeSeconds = Math.floor((clock.monotonic() - this.#startedAt) / 1000);
    return statusOf(this.parts, {
      name: config.name,
      version,
      state: recovery === undefined ? 'serving' : 'recovery',
      uptimeSeconds,
      addresses: this.addresses(),
    });
  }

  /** What `hello` tells a person at once: read through the door, so their own rights decide. */
  async #snapshot(read: ReadList, caller: Caller): Promise<Hello['snapshot']> {
    const [approvals, tasks] = await Promise.all([
      read(caller, 'approval.list', {}, 'approvals'),
      read(caller, 'task.list', { open: true }, 'tasks'),
    ]);
    const isWell = this.#health.problems().length === 0;
    return { approvals, tasks, health: this.#o.recovery !== undefined ? 'recovery' : isWell ? 'ok' : 'degraded' };
  }
}

type ReadList = (
  caller: Caller,
  operation: string,
  input: object,
  member: string,
) => Promise<Record<string, unknown>[]>;

function trustDoor({ door }: Trust['core']): ReadList {
  return async (caller, operation, input, member) => {
    try {
      const { output } = await door.invoke(caller, { operation, input });
      return ((output as Record<string, unknown>)[member] ?? []) as Record<string, unknown>[];
    } catch {
      // A caller without that right simply has none to see.
      return [];
    }
  };
}
