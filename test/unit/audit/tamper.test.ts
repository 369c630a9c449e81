import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyLive } from '../../../src/audit/exporter.ts';
import { checkWitness, parseCheckpoint, verifyCheckpoint } from '../../../src/protocol/index.ts';
import { ATTACKS, dropTriggers, rewriteWithout, truncate } from '../../support/audit-attacks.ts';
import { type AuditRig, auditRig, newKey, verifyLines } from '../../support/audit-rig.ts';
import { VirtualClock } from '../identity/virtual-clock.ts';

let rig: AuditRig;
const clock = new VirtualClock();

/** Forty records with a checkpoint after every ten. */
beforeEach(async () => {
  rig = await auditRig(clock);
  for (let i = 0; i < 4; i++) {
    await rig.fill(10);
    await rig.audit.checkpoint();
  }
});
afterEach(() => rig.close());

function withFile(fn: (db: BetterSqlite.Database) => void): void {
  const db = new BetterSqlite(join(rig.directory, 'jingu.db'));
  try {
    dropTriggers(db);
    fn(db);
  } finally {
    db.close();
  }
}

const witnessed = () => parseCheckpoint(rig.audit.head().note)!;

describe('an export names the first record that was tampered with', () => {
  test.each(ATTACKS)('$name', (attack) => {
    expect(verifyLines(rig.lines()).verdict).toBe('intact');
    let expected = 0;
    withFile((db) => {
      expected = attack.run(db, 17);
    });
    expect(verifyLines(rig.lines())).toMatchObject({ verdict: 'broken', firstBad: expected });
  });
});

test('the record whose text was changed is found by the check of the live log too', async () => {
  withFile((db) => db.exec(`UPDATE audit_event SET body = '{}' WHERE seq = 5`));
  const report = await verifyLive(rig.store, rig.audit, [], new AbortController().signal);
  expect(report).toMatchObject({ verdict: 'broken', firstBad: 5 });
});

test('a stored node that was changed is found by the check of the live log', async () => {
  withFile((db) => db.exec('UPDATE audit_node SET hash = randomblob(32) WHERE level = 5'));
  const report = await verifyLive(rig.store, rig.audit, [], new AbortController().signal);
  expect(report.problems).toEqual([{ seq: 41, what: 'the stored tree gives another root than the records' }]);
});

test('a log that was cut short is sound in itself, and its witness knows', async () => {
  const kept = witnessed();
  withFile((db) => truncate(db, 21));
  expect(verifyLines(rig.lines()).verdict).toBe('intact');
  expect(await checkWitness(kept, witnessed(), [])).toBe('truncated');
  const offline = verifyLines(rig.lines(), [], [`${kept.text}\n${'\u2014 x y\n'}`]);
  expect(offline).toMatchObject({ verdict: 'broken', firstBad: 22 });
});

test('a log written anew with the valid key is sound in itself, and its witness knows', async () => {
  const kept = rig.audit.head().note;
  withFile((db) => rewriteWithout(db, 9));
  await rig.fill(20);
  await rig.audit.checkpoint();
  expect(verifyLines(rig.lines()).verdict).toBe('intact');
  const shown = witnessed();
  expect(await verifyCheckpoint(shown, rig.audit.verifier())).toBe(true);
  const proof = rig.audit.consistency(parseCheckpoint(kept)!.size, shown.size);
  expect(await checkWitness(parseCheckpoint(kept)!, shown, proof)).toBe('unproved');
  expect(verifyLines(rig.lines(), [], [kept])).toMatchObject({ verdict: 'broken', firstBad: 41 });
});

test('an honest log convinces its witness, offline and live, and anchors the export', async () => {
  const kept = rig.audit.head().note;
  await rig.fill(300);
  await rig.audit.checkpoint();
  const [then, now] = [parseCheckpoint(kept)!, witnessed()];
  expect(await checkWitness(then, now, rig.audit.consistency(then.size, now.size))).toBe('consistent');
  expect(verifyLines(rig.lines(), [], [kept])).toMatchObject({ verdict: 'intact', anchored: true });
  expect(verifyLines(rig.lines()).anchored).toBe(false);
});

test('a log that is whole but signed by a stranger is not taken for the one trusted', () => {
  const trusted = rig.audit.verifier().replace(/.{4}$/, 'AAA=');
  expect(verifyLines(rig.lines(), [trusted]).verdict).toBe('broken');
});

test('a log does not start when its last record or its newest checkpoint no longer fit', async () => {
  await rig.audit.stop();
  await rig.store.close();
  withFile((db) => db.exec('UPDATE audit_event SET ts = ts + 1 WHERE seq = 41'));
  const again = () => auditRig(clock, { directory: rig.directory, key: rig.key });
  await expect(again()).rejects.toMatchObject({ code: 'AUDIT_BROKEN' });
  withFile((db) => db.exec('UPDATE audit_event SET ts = ts - 1 WHERE seq = 41'));
  withFile((db) => db.exec('UPDATE audit_node SET hash = randomblob(32) WHERE level = 5'));
  await expect(again()).rejects.toMatchObject({ code: 'AUDIT_BROKEN' });
});

test('a checkpoint signed by another key is refused', async () => {
  const head = witnessed();
  expect(await verifyCheckpoint(head, rig.audit.verifier())).toBe(true);
  const stranger = await auditRig(clock, { key: newKey() });
  expect(await verifyCheckpoint(head, stranger.audit.verifier())).toBe(false);
  await stranger.close();
});
