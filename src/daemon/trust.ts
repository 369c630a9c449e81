import { join } from 'node:path';
import { agentMigrations } from '../agent/index.ts';
import { AuditLog, auditHeadIn, auditMigrations, auditOperations } from '../audit/index.ts';
import type { Clock, Logger } from '../common/index.ts';
import type { Config } from '../config/index.ts';
import { doorMigrations, type EndedCall } from '../door/index.ts';
import { egressMigrations } from '../egress/index.ts';
import {
  Identity,
  identityMigrations,
  identityOperations,
  KeyFolder,
  TlsIdentity,
  type TlsMaterial,
} from '../identity/index.ts';
import { inferenceMigrations } from '../inference/index.ts';
import { Policy, policyOperations } from '../policy/index.ts';
import { type AnyOperation, LIMITS } from '../protocol/index.ts';
import { BLOB_FOLDER, realdocMigrations } from '../realdoc/index.ts';
import { Backups, Blobs, backupOperations, SteadyClock, Store } from '../store/index.ts';
import { localName, reachable } from './addresses.ts';
import { Core } from './core.ts';

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

export interface TrustOptions {
  config: Config;
  version: string;
  clock: Clock;
  log: Logger;
  addresses: readonly string[];
  /** The TLS port in use; known once the gateway listens. */
  port: () => number;
  recovery: string | undefined;
  /** Told of every call that the door ended. */
  observe: (ended: EndedCall) => void;
}

export interface Trust {
  store: Store;
  /** Files on their way in and out. Not part of a backup: what was kept is a document. */
  blobs: Blobs;
  /** For whatever has an end. */
  steady: SteadyClock;
  keys: KeyFolder;
  tls: TlsIdentity;
  /** The certificate in force when the box started. */
  material: TlsMaterial;
  identity: Identity;
  audit: AuditLog;
  policy: Policy;
  core: Core;
}

/** A failed fsync is never tried again: the process ends as after any fault, and starts anew from what is on the disk. */
function endInDoubt(error: Error): void {
  setImmediate(() => {
    throw error;
  });
}

/** From the database up to the door: who, may, what happened. `onStop` gets how to take each down again. */
export async function buildTrust(
  options: TrustOptions,
  onStop: (stop: () => Promise<void> | void) => void,
): Promise<Trust> {
  const { config, clock, log, addresses } = options;
  const store = new Store({ directory: config.data, migrations: MIGRATIONS, log, onBroken: endInDoubt });
  onStop(() => store.close());
  const blobs = new Blobs({ directory: join(config.data, 'blobs'), maxBytes: LIMITS.uploadBytes, clock, log });
  await blobs.start();
  onStop(() => blobs.stop());
  const steady = new SteadyClock({ clock, db: store });
  await steady.start();
  onStop(() => steady.stop());
  const keys = KeyFolder.open(join(config.data, 'keys'), log);
  const tls = new TlsIdentity({ keys, names: [localName(keys.boxId), ...config.hosts], clock, log });
  const policy = new Policy();
  const [material] = await Promise.all([tls.start(), policy.start()]);
  onStop(() => tls.stop());
  let inUse = material;
  tls.onRenewed((renewed) => {
    inUse = renewed;
  });

  const audit = new AuditLog({ db: store, clock, log, key: keys.audit, origin: `jingu/${keys.boxId}` });
  await audit.start();
  await store.recordRestore((tx, notice) => {
    audit.append(tx, { type: 'box-restored', actor: null, body: { ...notice, epoch: store.epoch } });
  });
  onStop(() => audit.stop());

  let core: Core | undefined;
  const identity = new Identity({
    keys,
    spki: () => inUse.spkiSha256,
    endpoints: () => {
      const list = reachable(addresses, options.port());
      return { addresses: list, page: `https://${list[0]}` };
    },
    db: store,
    clock: steady,
    log,
    journal: {
      record: (tx, record) => void audit.append(tx, record),
      emit: (tx, topic, kind, data) => core?.events.emit(tx, topic, kind, data),
    },
  });
  await identity.start();
  onStop(() => identity.stop());

  core = new Core({
    store,
    clock,
    steady,
    log,
    epoch: store.epoch,
    audit,
    policy,
    identity,
    recovery: options.recovery,
    observe: options.observe,
  });
  const { events } = core;
  audit.onCheckpoint(({ size, root }) => {
    void store.write((tx) => events.emit(tx, 'audit', 'audit-checkpoint', { size, root }));
  });
  return { store, blobs, steady, keys, tls, material, identity, audit, policy, core };
}

export function trustOperations(trust: Trust, { config, clock, version }: TrustOptions): AnyOperation[] {
  const { store, audit, policy, identity, core } = trust;
  const backups = new Backups({
    store,
    clock,
    version,
    root: config.data,
    include: ['keys', BLOB_FOLDER],
    directory: join(config.data, 'backups'),
    headIn: auditHeadIn,
  });
  return [
    ...auditOperations({ audit, db: store, exportDirectory: join(config.data, 'exports') }),
    ...backupOperations({ backups }),
    ...policyOperations({ policy, contractOf: (id) => core.registry.get(id), now: () => clock.now() }),
    ...identityOperations(identity),
  ];
}
