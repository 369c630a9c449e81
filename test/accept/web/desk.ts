/** The rest of the page, in English, dark, on a desk: a second device of the same person, the outbox, and an end. */
import type { Paired } from './pairing.ts';
import { connected, SURE, type WebRig } from './rig.ts';

export async function desk(rig: WebRig, { phone, personId, deviceId }: Paired): Promise<void> {
  const { box, check, confirm, look, newPhone } = rig;
  const at = phone.page;
  const second = await newPhone({ locale: 'en-US', width: 1200, height: 800, dark: true });
  await check('a second browser of the same person pairs, in English', async () => {
    const { page: link } = await box.run<{ page: string }>('pair.open');
    await second.page.goto(link);
    await second.page.getByRole('button', { name: 'Pair', exact: true }).click();
    const check = (await second.page.getByTestId('check-number').textContent())!.replace(/\D/g, '');
    await confirm(check, { personId });
    await connected(second.page);
    await second.page.getByText(SURE).first().waitFor();
    return true;
  });
  await check('it sees the same tasks, and its own witness verified the record', async () => {
    await look(second, 'desk-home');
    await second.page.getByText(SURE).first().click();
    await second.page.getByText('Taken back').first().waitFor();
    await look(second, 'desk-task');
    await second.page.goto(`https://${box.address}/more`);
    await second.page.getByText(/Record verified up to number \d+/).waitFor();
    return await look(second, 'desk-more');
  });
  await check(
    'a tap that never reached the box is sent once, from the outbox, after the connection is back',
    async () => {
      await second.page.goto(`https://${box.address}/new`);
      await connected(second.page);
      await box.stop();
      await second.page.locator('[data-state="offline"]').waitFor();
      await second.page.locator('textarea').fill('Set the notice period to 60 days 把通知期改成 60 天');
      await second.page.getByRole('button', { name: 'Give to the box' }).click();
      await second.page.getByText('To be sent').waitFor();
      await box.restart();
      await connected(second.page);
      await second.page.getByText('To be sent').waitFor({ state: 'detached' });
      const { tasks } = await box.run<{ tasks: { text: string }[] }>('task.list');
      return tasks.filter((task) => task.text.startsWith('Set the notice period')).length === 1;
    },
  );
  await check('a revoked browser is told so, and keeps nothing once it is erased', async () => {
    await box.run('device.revoke', { deviceId });
    await at.getByText('此设备无法继续使用').waitFor();
    await at.getByRole('button', { name: '清除此设备上的数据' }).click();
    await at.getByText('尚未配对').waitFor();
    return true;
  });
}
