/** F7 and F9: many, at once, and over kills of the box: each exactly once. */
import { randomInt } from 'node:crypto';

import { type ApprovalRig, answer, codeOf } from './rig.ts';

const SEQUENTIAL = 1000;
const PARALLEL = 100;
const KILLS = 12;

export async function many(rig: ApprovalRig): Promise<void> {
  const { check, phone, asAgent, list, count, park, show, nextEvent } = rig;
  await check(
    `F7: ${SEQUENTIAL} one after another and ${PARALLEL} at once, each exactly once, nothing left over`,
    async () => {
      const before = await count();
      const waiting = (await list(phone)).pending;
      for (let i = 0; i < SEQUENTIAL; i++) {
        const row = await park(`seq-${String(i).padStart(6, '0')}`);
        await answer(phone.client, row, i % 2 === 0 ? 'approve' : 'deny');
      }
      await Promise.all(
        Array.from({ length: PARALLEL }, (_, i) => codeOf(asAgent(`par-${i}`, `par-${String(i).padStart(6, '0')}`))),
      );
      const rows = (await list(phone)).approvals.filter((row) => row.card.diff?.startsWith('+par-'));
      await Promise.all(rows.map((row) => answer(phone.client, row, 'approve')));
      for (const row of rows) while ((await show(row.id)).state === 'approved') await nextEvent();
      return (
        rows.length === PARALLEL &&
        (await count()) === before + SEQUENTIAL / 2 + PARALLEL &&
        (await list(phone)).pending === waiting
      );
    },
  );
}

export async function kills(rig: ApprovalRig): Promise<void> {
  const { check, phone, asAgent, list, count, park, show, nextEvent, restart } = rig;
  await check(
    `F9: kill -9 between asking, answering and executing, ${KILLS} times: the row returns, the effect is single`,
    async () => {
      for (let round = 0; round < KILLS; round++) {
        const before = await count();
        const row = await park(`kill-${String(round).padStart(6, '0')}`);
        if (round % 3 === 0) await restart();
        if (!(await list(phone)).approvals.some((r) => r.id === row.id)) return false;
        const idempotencyKey = `kill-answer-${round}-${randomInt(1e9)}`;
        const tap = phone.client.invoke(
          'approval.answer',
          { id: row.id, rev: row.rev, answer: 'approve', actionHash: row.actionHash },
          { idempotencyKey },
        );
        tap.catch(() => {});
        // Somewhere between the tap and the effect; which side of the commit it falls on is left to chance.
        for (let turn = randomInt(4); turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
        if (round % 3 !== 0) await restart();
        await phone.client.invoke(
          'approval.answer',
          { id: row.id, rev: row.rev, answer: 'approve', actionHash: row.actionHash },
          { idempotencyKey },
        );
        while ((await show(row.id)).state !== 'executed') await nextEvent();
        if ((await count()) !== before + 1) return false;
        const replay = await asAgent(row.card.diff!.slice(1), `kill-${String(round).padStart(6, '0')}`);
        if (!replay.replayed) return false;
      }
      return true;
    },
  );
}
