/** Approvals on the page: carried out once, denied, decided by somebody else, and not without a connection. */
import type { Paired } from './pairing.ts';
import { connected, type WebRig } from './rig.ts';

export async function approvals(rig: WebRig, { phone, deviceId }: Paired): Promise<void> {
  const { box, check, look } = rig;
  const at = phone.page;
  const risky = (key: string) =>
    box
      .run('rig.agent', { deviceId, operation: 'rig.risky', input: { text: `risky ${key}` }, key })
      .catch((error: { wire: { code: string } }) => error.wire.code);
  const happened = async () => (await box.run<{ count: number }>('rig.count')).count;
  await check(
    'an approval shows on its own, says what will happen, and is carried out once when it is approved',
    async () => {
      await at.goto(`https://${box.address}/approvals`);
      await connected(at);
      const code = await risky('approve-one');
      await at.locator('a.item').first().click();
      await at.locator('dialog .diff .add', { hasText: 'risky approve-one' }).waitFor();
      const fits = await look(phone, 'approval');
      await at.getByRole('button', { name: '批准', exact: true }).click();
      await at.getByRole('button', { name: '再按一次以批准' }).click();
      await at.getByTestId('outcome').filter({ hasText: '已执行' }).waitFor();
      return code === 'APPROVAL_PENDING' && fits && (await happened()) === 1;
    },
  );
  await check('a denied approval does nothing and says so', async () => {
    await at.goto(`https://${box.address}/approvals`);
    await connected(at);
    await risky('deny-one');
    await at.locator('a.item').first().click();
    await at.getByRole('button', { name: '拒绝' }).click();
    await at.getByTestId('outcome').waitFor();
    return (await risky('deny-one')) === 'APPROVAL_DENIED' && (await happened()) === 1;
  });
  await check('an approval that another device decided meanwhile says who, and takes no second answer', async () => {
    await at.goto(`https://${box.address}/approvals`);
    await connected(at);
    await risky('decided-elsewhere');
    await at.locator('a.item').first().click();
    await at.getByRole('button', { name: '批准', exact: true }).waitFor();
    const { approvals } = await box.run<{ approvals: { id: string; rev: number }[] }>('approval.list');
    await box.run('approval.answer', { id: approvals[0]!.id, rev: approvals[0]!.rev, answer: 'deny' });
    await at
      .getByTestId('outcome')
      .filter({ hasText: /已拒绝/ })
      .waitFor();
    return (await at.getByRole('button', { name: '批准', exact: true }).count()) === 0 && (await happened()) === 1;
  });
  await check('without a connection an approval cannot be answered, and with it again it can', async () => {
    await at.goto(`https://${box.address}/approvals`);
    await connected(at);
    await risky('offline-tap');
    await at.locator('a.item').first().click();
    const approve = at.getByRole('button', { name: '批准', exact: true });
    await approve.waitFor();
    await box.stop();
    await at.locator('[data-state="offline"]').waitFor();
    const refused = await approve.isDisabled();
    await look(phone, 'offline');
    await box.restart();
    await connected(at);
    await at.locator('dialog').getByRole('button', { name: '拒绝' }).click();
    await at.getByTestId('outcome').waitFor();
    return refused;
  });
}
