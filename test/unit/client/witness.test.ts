import { afterEach, describe, expect, it } from 'vitest';
import { type KeptHead, Witness, type WitnessStore } from '../../../src/client/index.ts';
import type { Hello } from '../../../src/protocol/index.ts';
import { type AuditRig, auditRig, newKey } from '../../support/audit-rig.ts';
import { VirtualClock } from '../identity/virtual-clock.ts';

const open: AuditRig[] = [];
afterEach(async () => {
  for (const rig of open.splice(0)) await rig.close();
});

/** A real audit log of `n` records; two with one key are what a rewritten database looks like. */
async function log(n: number, key = newKey()): Promise<AuditRig> {
  // Each log has a time of its own, so no two hold the same records.
  const rig = await auditRig(new VirtualClock(Date.UTC(2026, 0, open.length + 1)), { key });
  open.push(rig);
  await rig.fill(n);
  await rig.audit.checkpoint();
  return rig;
}

class MemoryStore implements WitnessStore {
  kept: KeptHead | undefined;
  load = async () => this.kept;
  save = async (kept: KeptHead) => {
    this.kept = kept;
  };
}

function meet(witness: Witness, { audit }: AuditRig, answers: Record<string, unknown> = {}): Promise<void> {
  const { note, size, root } = audit.head();
  const hello = { auditHead: { note, size, root }, caller: { scopes: ['box.read'] } } as unknown as Hello;
  return witness.welcome(hello, async (operation, input) => {
    if (operation in answers) return answers[operation];
    if (operation === 'audit.head') return { verifier: audit.verifier() };
    const { from, to } = input as { from: number; to: number };
    return { proof: audit.consistency(from, to) };
  });
}

describe('a witness', () => {
  it('keeps the first head, then each one that is proved to continue it', async () => {
    const store = new MemoryStore();
    const witness = new Witness(store);
    const rig = await log(5);
    await meet(witness, rig);
    const { size } = rig.audit.head();
    expect(witness.state).toEqual({ kind: 'verified', to: size });
    expect(await witness.seenAuditHead()).toMatchObject({ size, root: rig.audit.head().root });
    await rig.fill(300);
    await rig.audit.checkpoint();
    await meet(new Witness(store), rig);
    expect(await witness.seenAuditHead()).toMatchObject({ size: rig.audit.head().size });
    expect(rig.audit.head().size).toBeGreaterThan(size);
  });

  it('raises an alarm with both heads, and keeps its own, when the log was rewritten under the valid key', async () => {
    const key = newKey();
    const store = new MemoryStore();
    const before = await log(5, key);
    const kept = before.audit.head().note;
    await meet(new Witness(store), before);
    for (const [records, what] of [
      [40, 'unproved'],
      [2, 'truncated'],
    ] as const) {
      const witness = new Witness(store);
      await meet(witness, await log(records, key));
      expect(witness.state).toMatchObject({ kind: 'alarm', kept, error: { code: 'CLIENT_RECORD_FORKED' } });
      expect((witness.state as { error: Error }).error.message).toContain(what);
      expect(store.kept?.note).toBe(kept);
    }
  });

  it('takes no head that another key signed, nor one it cannot read', async () => {
    const store = new MemoryStore();
    await meet(new Witness(store), await log(5));
    const witness = new Witness(store);
    await meet(witness, await log(9));
    expect(witness.state).toMatchObject({ kind: 'alarm' });
    const hello = {
      auditHead: { note: 'no note', size: 1, root: '' },
      caller: { scopes: ['box.read'] },
    } as unknown as Hello;
    await witness.welcome(hello, async () => ({}));
    expect(witness.state).toMatchObject({ kind: 'alarm', shown: 'no note' });
  });

  it('without an answer says unchecked and keeps what it has', async () => {
    const store = new MemoryStore();
    const rig = await log(5);
    await meet(new Witness(store), rig);
    const kept = store.kept;
    await rig.fill(9);
    await rig.audit.checkpoint();
    const witness = new Witness(store);
    await meet(witness, rig, { 'audit.consistency': { proof: 'nonsense' } });
    expect(witness.state.kind).toBe('unchecked');
    expect(store.kept).toBe(kept);
  });

  it('goes on from the new head only when a person says so', async () => {
    const key = newKey();
    const store = new MemoryStore();
    await meet(new Witness(store), await log(5, key));
    const witness = new Witness(store);
    const restored = await log(2, key);
    await meet(witness, restored);
    await witness.accept();
    expect(witness.state).toEqual({ kind: 'verified', to: restored.audit.head().size });
    expect(store.kept?.note).toBe(restored.audit.head().note);
  });
});
