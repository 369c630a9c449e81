/** Documents with hostile names, their history, restoring and comparing. */
import type { Paired } from './pairing.ts';
import { FIRST, type WebRig } from './rig.ts';

export async function documents(rig: WebRig, { phone }: Paired): Promise<void> {
  const { box, check, look, onShare } = rig;
  const at = phone.page;
  await check('hostile names and texts stay text, and hidden characters are shown', async () => {
    await at.goto(`https://${box.address}/documents`);
    await at.getByText('<b>bold<b>.txt').click();
    await at.getByText('⟨U+202E⟩').waitFor();
    await at.getByText('<img src=').waitFor();
    const fits = await look(phone, 'hostile');
    return fits && (await at.locator('main img').count()) === 0;
  });
  await check('history shows who changed what; restore is one tap, and undo takes the restore back', async () => {
    await at.goto(`https://${box.address}/documents/office/contracts/acme.md`);
    await at.getByText('90 天').waitFor();
    const fitsText = await look(phone, 'document');
    await at.getByRole('radio', { name: '历史' }).check();
    await at.getByRole('button', { name: '查看改动' }).first().click();
    await at.locator('.diff .add', { hasText: '90 天' }).waitFor();
    const fitsHistory = await look(phone, 'history');
    await at.locator('li.history').last().getByRole('button', { name: '恢复到此版本' }).click();
    await at.getByText('已恢复版本 1').waitFor();
    await onShare(FIRST);
    await at.getByRole('button', { name: '撤销', exact: true }).click();
    await at.getByText('已撤销。').waitFor();
    return fitsText && fitsHistory && (await onShare(FIRST.replace('30 天', '90 天')));
  });
  await check('a version made elsewhere shows without a reload', async () => {
    const { version } = await box.run<{ version: number }>('doc.read', { path: 'office/contracts/acme.md' });
    await box.run('doc.edit', {
      path: 'office/contracts/acme.md',
      base: version,
      verbs: [{ sub: { line: 5, find: '90', replace: '75' } }],
    });
    await at.locator('li.history', { hasText: `版本 ${version + 1}` }).waitFor();
    return true;
  });

  await check('any two versions can be compared', async () => {
    await at.getByRole('button', { name: '比较两个版本' }).click();
    await at.getByLabel('之前').selectOption('1');
    await at.locator('.compare .diff .add', { hasText: '75 天' }).waitFor();
    await at.locator('.compare .diff .del', { hasText: '30 天' }).waitFor();
    return await look(phone, 'compare');
  });

  await check('a table shows the cells that changed, and its lines to those who want them', async () => {
    await box.run('doc.edit', { path: 'office/prices.csv', base: 1, verbs: [{ set: 'B2', text: ['25'] }] });
    await at.goto(`https://${box.address}/documents/office/prices.csv`);
    await at.getByRole('radio', { name: '历史' }).check();
    await at.getByRole('button', { name: '查看改动' }).first().click();
    await at.locator('table.cells tr', { hasText: 'B2' }).locator('.add', { hasText: '25' }).waitFor();
    const fits = await look(phone, 'cells');
    await at.getByRole('button', { name: '按行显示' }).click();
    await at.locator('.diff .add', { hasText: '绿茶,25' }).waitFor();
    return fits;
  });
}
