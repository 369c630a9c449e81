/** Files from this device: chosen, dropped, with a name that is taken, and too long. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { docxFile, p } from '../../support/docx-file.ts';
import type { Paired } from './pairing.ts';
import { connected, type WebRig } from './rig.ts';

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

export async function adding(rig: WebRig, { phone }: Paired): Promise<void> {
  const { box, check, look, share } = rig;
  const at = phone.page;
  const word = docxFile({ body: p('第一段') + p('第二段') });
  const scan = randomBytes(20 * 1_048_576);
  const chosen = [
    { name: '照片.png', mimeType: 'image/png', buffer: Buffer.concat([PNG, randomBytes(300_000)]) },
    { name: '报价.docx', mimeType: 'application/octet-stream', buffer: word },
    { name: 'offer.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n') },
    { name: 'crlf.txt', mimeType: 'text/plain', buffer: Buffer.from('\ufeffone\r\ntwo\nopen') },
    { name: 'empty.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) },
    { name: 'scan.bin', mimeType: 'application/octet-stream', buffer: scan },
  ];
  const adding = (name: string) =>
    at.getByRole('list', { name: '添加到此工作区的文件' }).locator('li', { hasText: name });
  const added = (name: string) => adding(name).filter({ hasText: '已添加' }).waitFor();
  const documents = at.locator('ul.list').last();
  const listed = (name: string) => documents.locator('a.item', { hasText: name }).waitFor();
  const sameOnShare = async (name: string, bytes: Buffer) => {
    await box.run('doc.status', { path: `office/${name}`, waitMs: 20_000 });
    return readFileSync(join(share, name)).equals(bytes);
  };
  await check(
    'the button opens the choice of files by key, and each file chosen is a document, byte for byte',
    async () => {
      await at.goto(`https://${box.address}/documents`);
      await connected(at);
      const button = at.getByRole('button', { name: '添加文件' });
      await button.focus();
      const [chooser] = await Promise.all([at.waitForEvent('filechooser'), button.press('Enter')]);
      await chooser.setFiles(chosen);
      for (const { name } of chosen) await added(name);
      for (const { name } of chosen) await listed(name);
      const same = await Promise.all(chosen.map(({ name, buffer }) => sameOnShare(name, buffer)));
      return (await look(phone, 'added')) && same.every(Boolean);
    },
  );
  await check(
    'a name that is taken is said so in words and by voice, and another name is offered and works',
    async () => {
      const other = Buffer.from('another offer\n');
      await at
        .locator('input[type=file]')
        .setInputFiles([{ name: 'offer.pdf', mimeType: 'text/plain', buffer: other }]);
      const row = adding('offer.pdf').filter({ has: at.locator('form') });
      await row.getByText('文档 office/offer.pdf 已存在').waitFor();
      await at.getByRole('status').filter({ hasText: '未添加 offer.pdf' }).waitFor({ state: 'attached' });
      const fits = await look(phone, 'name-taken');
      const field = row.getByLabel('在此工作区中的名称');
      const offered = await field.inputValue();
      await field.press('Enter');
      await added('offer (2).pdf');
      await listed('offer (2).pdf');
      return fits && offered === 'offer (2).pdf' && (await sameOnShare('offer (2).pdf', other));
    },
  );
  /** Drops a file of so many bytes onto the screen, as from a desktop. */
  const drop = (name: string, bytes: number) =>
    at.evaluate(
      ([name, bytes]) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([new Uint8Array(bytes).fill(33)], name));
        const onto = [...document.querySelectorAll('main ul.list')].at(-1)!;
        for (const type of ['dragover', 'drop']) {
          onto.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
        }
      },
      [name, bytes] as const,
    );
  await check('a file that is dropped onto the list is added', async () => {
    await drop('dropped.txt', 3);
    await added('dropped.txt');
    return await sameOnShare('dropped.txt', Buffer.from('!!!'));
  });
  await check('a file over the limit is refused with the limit named, and nothing of it is sent', async () => {
    const sent: string[] = [];
    at.on('request', (request) => sent.push(request.url()));
    await drop('huge.bin', 65 * 1_048_576);
    await adding('huge.bin').getByText('盒子最多接收 64 MB 的文件').waitFor();
    const fits = await look(phone, 'too-large');
    await adding('huge.bin').getByRole('button', { name: '从此列表移除' }).click();
    await adding('huge.bin').waitFor({ state: 'detached' });
    return fits && sent.every((url) => !url.includes('/api/uploads/'));
  });
  await check('without a connection it says so, and the same file goes up once there is one again', async () => {
    await box.stop();
    await at.locator('[data-state="offline"]').waitFor();
    const late = Buffer.from('late\n');
    await at.locator('input[type=file]').setInputFiles([{ name: 'late.txt', mimeType: 'text/plain', buffer: late }]);
    const again = adding('late.txt').getByRole('button', { name: '重试' });
    await again.waitFor();
    await box.restart();
    await connected(at);
    await again.click();
    await added('late.txt');
    return await sameOnShare('late.txt', late);
  });
  await check('what was added can be taken off the list of this device, and stays a document', async () => {
    await at.getByRole('button', { name: '从此列表移除已添加的' }).click();
    await at.getByRole('list', { name: '添加到此工作区的文件' }).waitFor({ state: 'detached' });
    await listed('late.txt');
    return await look(phone, 'added-list-cleared');
  });
}
