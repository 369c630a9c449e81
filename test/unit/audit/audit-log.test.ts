import { afterEach, describe, expect, test } from 'vitest';
import { CHECKPOINT_EVENTS, CHECKPOINT_MS } from '../../../src/audit/index.ts';
import { auditSql } from '../../../src/audit/repository.ts';
import type { SqlValue } from '../../../src/common/index.ts';
import { type AuditRig, auditRig, newKey, verifyLines } from '../../support/audit-rig.ts';
import { VirtualClock } from '../identity/virtual-clock.ts';

const rigs: AuditRig[] = [];
async function rig(clock = new VirtualClock()): Promise<AuditRig> {
  const made = await auditRig(clock);
  rigs.push(made);
  return made;
}
afterEach(async () => {
  for (const r of rigs.splice(0)) await r.close();
});

/** Waits until the queued group commit that a timer or a listener asked for is durable. */
const settled = (r: AuditRig) => r.store.write(() => {});

describe('appending', () => {
  test('a record is part of the transaction that writes it: a rollback leaves no trace and no gap', async () => {
    const r = await rig();
    await r.fill(3);
    const failed = r.store.write((tx) => {
      r.audit.append(tx, { type: 'call', actor: null, body: { callId: 'call_x' } });
      throw new Error('the change failed');
    });
    const beside = r.store.write((tx) => r.audit.append(tx, { type: 'call', actor: null, body: { callId: 'call_y' } }));
    await expect(failed).rejects.toThrow('the change failed');
    expect((await beside).seq).toBe(5);
    await r.audit.checkpoint();
    expect(verifyLines(r.lines()).verdict).toBe('intact');
    expect(r.lines().join('\n')).not.toContain('call_x');
  });

  test.each([
    ['UPDATE audit_event SET body = ? WHERE seq = 2', '{}'],
    ['DELETE FROM audit_event WHERE seq = ?', 2],
    ['UPDATE audit_node SET hash = ?', Buffer.alloc(32)],
    ['DELETE FROM audit_node WHERE level = ?', 1],
    ['UPDATE audit_checkpoint SET note = ?', ''],
    ['DELETE FROM audit_checkpoint WHERE size > ?', 0],
  ])('the database itself refuses: %s', async (sql, value) => {
    const r = await rig();
    await r.fill(5);
    await expect(r.store.write((tx) => tx.run(sql, value))).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  test('a body that JSON cannot carry is refused and takes its transaction with it', async () => {
    const r = await rig();
    const body = { n: Number.NaN };
    await expect(r.store.write((tx) => r.audit.append(tx, { type: 'call', actor: null, body }))).rejects.toThrow('NaN');
    expect(r.audit.size()).toBe(1);
  });

  test('an intent without an outcome is an orphan until its outcome is written', async () => {
    const r = await rig();
    const record = (type: string, callId: string) =>
      r.store.write((tx) => r.audit.append(tx, { type, actor: null, body: { callId } }));
    await record('intent', 'call_a');
    await record('intent', 'call_b');
    await record('outcome', 'call_a');
    expect(r.audit.orphanIntents().map((e) => e.body['callId'])).toEqual(['call_b']);
    await r.audit.checkpoint();
    const report = verifyLines(r.lines());
    expect(report).toMatchObject({ verdict: 'incomplete', openIntents: [{ callId: 'call_b', seq: 3 }] });
    await record('outcome', 'call_b');
    expect(r.audit.orphanIntents()).toEqual([]);
    await r.audit.checkpoint();
    expect(verifyLines(r.lines()).verdict).toBe('intact');
  });
});

describe('looking', () => {
  test('records of one type come newest first, calls among them; rare ones are found by the index', async () => {
    const r = await rig();
    const types = ['call', 'read', 'call', 'refused', 'call', 'refused'];
    for (const [i, type] of types.entries()) {
      await r.store.write((tx) => r.audit.append(tx, { type, actor: null, body: { callId: `call_${i}` } }));
    }
    const seqs = (type: string, before = 100) => auditSql.list(r.store, { before, type, max: 2 }).map(({ seq }) => seq);
    expect(seqs('call')).toEqual([6, 4]);
    expect(seqs('call', 4)).toEqual([2]);
    expect(seqs('refused')).toEqual([7, 5]);
    const asked: string[] = [];
    const all = <Row>(sql: string, ...params: SqlValue[]): Row[] => {
      for (const { detail } of r.store.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...params))
        asked.push(detail);
      return r.store.all(sql, ...params);
    };
    auditSql.list({ get: r.store.get.bind(r.store), all }, { before: 100, type: 'refused', max: 2 });
    auditSql.keyEvents({ get: r.store.get.bind(r.store), all });
    expect(asked).toEqual([
      'SEARCH audit_event USING INDEX audit_event_type (type=? AND seq<?)',
      'SEARCH audit_event USING INDEX audit_event_type (type=?)',
    ]);
  });
});

describe('time', () => {
  test('a clock set back is put on record, and the log still verifies', async () => {
    const clock = new VirtualClock();
    const r = await rig(clock);
    await r.fill(2);
    clock.jump(-3_600_000);
    await r.fill(2);
    clock.jump(-200);
    await r.fill(1);
    await r.audit.checkpoint();
    const report = verifyLines(r.lines());
    expect(report.verdict).toBe('intact');
    expect(report.clockMoves).toHaveLength(1);
    expect(report.clockMoves[0]!.from - report.clockMoves[0]!.to).toBe(3_600_000);
  });
});

describe('checkpoints', () => {
  test('one is signed when 256 records are uncovered', async () => {
    const r = await rig();
    const seen: number[] = [];
    r.audit.onCheckpoint((c) => seen.push(c.size));
    await r.fill(CHECKPOINT_EVENTS - 1);
    await settled(r);
    expect(seen).toEqual([]);
    await r.fill(1);
    await settled(r);
    await settled(r);
    expect(seen).toEqual([CHECKPOINT_EVENTS + 1]);
  });

  test('one is signed 60 s after the first uncovered record, and none while nothing happens', async () => {
    const clock = new VirtualClock();
    const r = await rig(clock);
    await r.fill(1);
    clock.pass(CHECKPOINT_MS - 1);
    await settled(r);
    expect(r.audit.head().size).toBe(1);
    clock.pass(1);
    await settled(r);
    await settled(r);
    expect(r.audit.head().size).toBe(2);
    clock.pass(10 * CHECKPOINT_MS);
    await settled(r);
    expect(r.lines().filter((l) => l.startsWith('{"checkpoint"'))).toHaveLength(2);
  });

  test('stopping covers every record, twice is harmless', async () => {
    const r = await rig();
    await r.fill(7);
    await r.audit.stop();
    await r.audit.stop();
    expect(r.audit.head().size).toBe(8);
  });
});

describe('keys', () => {
  test('a rotated key is handed over by the old one and the whole log verifies', async () => {
    const r = await rig();
    const first = r.audit.verifier();
    await r.fill(5);
    await r.audit.rotateKey(newKey());
    await r.fill(5);
    await r.audit.checkpoint();
    const report = verifyLines(r.lines(), [first]);
    expect(report).toMatchObject({ verdict: 'intact', anchored: true });
    expect(report.keys).toEqual([first, r.audit.verifier()]);
    expect(verifyLines(r.lines(9, 12), [first]).verdict).toBe('incomplete');
  });

  test('a log does not start with a key that nobody handed over', async () => {
    const clock = new VirtualClock();
    const r = await rig(clock);
    await r.audit.stop();
    await r.store.close();
    const again = auditRig(clock, { directory: r.directory, key: newKey() });
    await expect(again).rejects.toMatchObject({ code: 'AUDIT_KEY_UNKNOWN' });
    const right = await auditRig(clock, { directory: r.directory, key: r.key });
    expect(right.audit.head().size).toBe(1);
    await right.close();
  });
});

describe('exports', () => {
  test('parts that join verify as one, a part alone is incomplete, parts that do not join are broken', async () => {
    const r = await rig();
    await r.fill(40);
    await r.audit.checkpoint();
    const [a, b, c] = [r.lines(1, 13), r.lines(14, 30), r.lines(31)];
    expect(verifyLines([...a, ...b, ...c])).toMatchObject({ verdict: 'intact', to: 41 });
    expect(verifyLines(b)).toMatchObject({ verdict: 'incomplete', from: 14, to: 30 });
    expect(verifyLines([...a, ...c]).verdict).toBe('broken');
    expect(verifyLines(a.slice(0, -1)).missing).toContain('the last line is missing');
    expect(verifyLines([]).verdict).toBe('incomplete');
  });
});
