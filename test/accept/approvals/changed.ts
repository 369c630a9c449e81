/** F10 and the races beside it: what is answered late, twice, by others, or for something else. */

import { type ApprovalRig, answer, codeOf, executed, type Row } from './rig.ts';

export async function changed(rig: ApprovalRig): Promise<void> {
  const { box, check, phone, asAgent, count, park } = rig;
  await check(
    'F10: what the call looks at changed after the yes was shown: void, nothing done, and asking again works',
    async () => {
      const before = await count();
      const row = await park('f10-key-0001');
      await box.run('rig.move');
      const done = executed(phone, row.id);
      await answer(phone.client, row, 'approve');
      const state = await done;
      return (
        state === 'void' &&
        (await count()) === before &&
        (await codeOf(asAgent('f10-key-0001', 'f10-key-0001'))) === 'APPROVAL_VOID'
      );
    },
  );

  await check('F10: a hash of something else than what waits is refused', async () => {
    const row = await park('f10-key-0002');
    return (await codeOf(answer(phone.client, { ...row, actionHash: 'a'.repeat(64) }, 'approve'))) === 'APPROVAL_STALE';
  });
}

export async function races(rig: ApprovalRig): Promise<void> {
  const { box, check, phone, tablet, stranger, asAgent, count, park } = rig;
  await check('two phones answer at once: one wins, the other is told by whom', async () => {
    const row = await park('race-key-0001');
    const codes = await Promise.all([
      codeOf(answer(phone.client, row, 'approve')),
      codeOf(answer(tablet.client, row, 'deny')),
    ]);
    return codes.sort().join() === 'APPROVAL_ALREADY_DECIDED,ok';
  });

  await check('a stale revision is refused, and somebody else sees nothing to answer', async () => {
    const row = await park('stale-key-001');
    const stale = await codeOf(answer(phone.client, { ...row, rev: row.rev + 1 }, 'approve'));
    const foreign = await codeOf(answer(stranger.client, row, 'approve'));
    return stale === 'APPROVAL_STALE' && foreign === 'APPROVAL_NOT_FOUND';
  });

  await check('the agent cannot answer what it asked for', async () => {
    const row = await park('self-key-0001');
    const code = await codeOf(
      asAgent('', 'self-key-0002', 'approval.answer', { id: row.id, answer: 'approve', actionHash: row.actionHash }),
    );
    return code === 'OPERATION_UNKNOWN' || code === 'SCOPE_MISSING' || code === 'POLICY_DENIED';
  });

  await check('a yes of a device that is revoked before it is carried out does nothing', async () => {
    const before = await count();
    const row = await park('revoked-0001');
    await box.run('device.revoke', { deviceId: phone.deviceId });
    const code = await codeOf(answer(tablet.client, row, 'approve'));
    while (
      ['approved', 'pending'].includes(
        ((await tablet.client.invoke('approval.show', { id: row.id })).output as Row).state,
      )
    ) {
      await tablet.client.invoke('box.status', {});
    }
    const { state } = (await tablet.client.invoke('approval.show', { id: row.id })).output as Row;
    return code === 'ok' && state === 'void' && (await count()) === before;
  });

  await check(
    'the record of all this verifies',
    async () => (await box.run<{ verdict: string }>('audit.verify')).verdict === 'intact',
  );
}
