/** A task given on the page: one that is sure, one that asks, and the whole of it taken back. */
import type { Paired } from './pairing.ts';
import { connected, FIRST, SURE, UNSURE, type WebRig } from './rig.ts';

export async function tasks(rig: WebRig, { phone }: Paired): Promise<void> {
  const { box, check, look, onShare } = rig;
  const at = phone.page;
  await check('a task that is sure changes exactly that line, and shows the change', async () => {
    await connected(at);
    await at.getByRole('link', { name: '新任务' }).click();
    await at.locator('textarea').fill(SURE);
    await look(phone, 'new-task');
    await at.getByRole('button', { name: '交给盒子' }).click();
    await at.locator('.chip', { hasText: '已完成' }).waitFor();
    await at.locator('.diff .add', { hasText: '60 天' }).waitFor();
    await look(phone, 'task-done');
    return await onShare(FIRST.replace('30 天', '60 天'));
  });
  await check('one tap takes the whole task back, to the first bytes', async () => {
    await at.getByRole('button', { name: '撤销全部修改' }).click();
    await at.locator('.chip', { hasText: '已撤销' }).first().waitFor();
    return await onShare(FIRST);
  });
  await check('a task that is not sure asks, with the results as diffs, and does what was chosen', async () => {
    await at.goto(`https://${box.address}/new`);
    await connected(at);
    await at.locator('textarea').fill(UNSURE);
    await at.getByRole('button', { name: '交给盒子' }).click();
    await at.locator('.chip', { hasText: '等待您处理' }).waitFor();
    await at.locator('section', { hasText: '等您处理' }).locator('a.item').first().click();
    const option = at.locator('dialog .card', { has: at.locator('.diff .add', { hasText: '90 天' }) });
    await option.waitFor();
    const fits = await look(phone, 'question');
    await option.getByRole('button', { name: '选择这一项' }).click();
    await at.getByTestId('outcome').waitFor();
    return fits && (await onShare(FIRST.replace('30 天', '90 天')));
  });
}
