import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, canonicalJson, silentLogger, systemClock, type Tx } from '../../src/common/index.ts';
import {
  Approvals,
  approvalOperations,
  Door,
  type DoorOptions,
  doorMigrations,
  EventLog,
  Idempotency,
  type IdentityPort,
  type PolicyPort,
  Registry,
  registryOperations,
  TextStreams,
  Topics,
} from '../../src/door/index.ts';
import { type AnyOperation, type Caller, SCOPES } from '../../src/protocol/index.ts';
import { type Migration, Store } from '../../src/store/index.ts';
import { deviceCaller } from './device-caller.ts';

export interface AuditEntry {
  type: string;
  body: Record<string, unknown>;
}

/** A door over a real store; audit, policy and identity are ports here because these tests are about the door. */
export interface Rig {
  directory: string;
  store: Store;
  door: Door;
  registry: Registry;
  events: EventLog;
  approvals: Approvals;
  texts: TextStreams;
  topics: Topics;
  audit: AuditEntry[];
  revoked: Set<string>;
  policy: { verdict: 'allow' | 'deny' | 'ask'; hash: string };
  close(): Promise<void>;
}

export function person(overrides: Partial<Caller> = {}): Caller {
  return deviceCaller('per_1', {
    personName: 'Staff',
    deviceId: 'dev_1',
    sessionId: 'ses_1',
    roles: ['member'],
    scopes: SCOPES,
    ...overrides,
  });
}

export function makeRig(
  options: {
    operations?: AnyOperation[];
    migrations?: Migration[];
    clock?: Clock;
    directory?: string;
    observe?: DoorOptions['observe'];
  } = {},
): Rig {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'jingu-door-'));
  const audited: Migration = {
    room: 'rig',
    step: 1,
    sql: 'CREATE TABLE rig_audit (seq INTEGER PRIMARY KEY, type TEXT, body TEXT) STRICT',
  };
  const store = new Store({
    directory,
    migrations: [...doorMigrations, audited, ...(options.migrations ?? [])],
    log: silentLogger,
  });
  const clock = options.clock ?? systemClock;
  const policy: Rig['policy'] = { verdict: 'allow', hash: 'policy-1' };
  const revoked = new Set<string>();
  const audit: AuditEntry[] = [];
  const policyPort: PolicyPort = {
    decide: ({ approved }) => ({
      verdict: policy.verdict === 'ask' && approved ? 'allow' : policy.verdict,
      ruleIds: ['rule-a'],
      guardIds: [],
      policyHash: policy.hash,
      reason: 'rig',
    }),
  };
  const identity: IdentityPort = {
    boxId: 'box',
    operatorId: 'per_operator',
    assertCurrent: (caller) => {
      if (revoked.has(caller.deviceId ?? '')) throw new Error('revoked');
    },
    rebuild: (caller) => caller,
  };
  const events = new EventLog({ db: store, clock, epoch: 'e1' });
  const texts = new TextStreams({ db: store, clock, log: silentLogger, events });
  const approvals = new Approvals({ db: store, clock, events, operatorId: identity.operatorId });
  const registry = new Registry();
  const door = new Door({
    db: store,
    clock,
    log: silentLogger,
    registry,
    events,
    approvals,
    idempotency: new Idempotency({ db: store, clock }),
    observe: options.observe,
    audit: {
      append: (tx: Tx, record) => {
        const { lastId } = tx.run(
          'INSERT INTO rig_audit (type, body) VALUES (?, ?)',
          record.type,
          canonicalJson(record.body),
        );
        tx.afterCommit(() => audit.push({ type: record.type, body: record.body }));
        return { seq: lastId };
      },
    },
    policy: policyPort,
    identity,
  });
  approvals.onResolved((row) => {
    if (row.state === 'approved') void door.executeApproved(row);
  });
  registry.register(...registryOperations(registry), ...approvalOperations(approvals), ...(options.operations ?? []));
  return {
    directory,
    store,
    door,
    registry,
    events,
    approvals,
    texts,
    topics: new Topics({ db: store, events, texts }),
    audit,
    revoked,
    policy,
    close: async () => {
      await store.close();
      if (!options.directory) rmSync(directory, { recursive: true, force: true });
    },
  };
}
