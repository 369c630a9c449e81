/**
 * The page in a real Chromium against the real daemon: pairing by the printed link, a task on a scripted model, a
 * question and an approval answered with a tap, undo, history with restore, a lost and a revoked connection. Beside it:
 * the page policy holds, nobody but the box is asked, nothing scrolls sideways at 360 pixels, targets fit a finger.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { parsePairingLink } from '../../src/protocol/index.ts';
import { chromiumPath, type Phone, PhoneBrowser } from '../support/browser.ts';
import { Checks } from '../support/checks.ts';
import { docxFile, p } from '../support/docx-file.ts';
import { LiveBox } from '../support/live-box.ts';
import { SCRIPTED_ENGINE, ScriptedModel } from '../support/scripted-model.ts';

if (!chromiumPath()) {
  console.log('UNAVAILABLE web: there is no /usr/bin/chromium on this machine (Debian: apt-get install chromium)');
  process.exit(77);
}
const root = join(import.meta.dirname, '..', '..');
const shots = process.env['JINGU_SHOTS'];
const page = mkdtempSync(join(tmpdir(), 'jingu-page-'));
const share = mkdtempSync(join(tmpdir(), 'jingu-share-'));
const contract = join(share, 'contracts', 'acme.md');
const FIRST =
  '# 供货合同\n\n## 第三条 通知期\n\n任何一方可提前 30 天书面通知终止本合同。\n\n## 第四条 付款\n\n发票开出后付款。\n';
const PNG = Buffer.from('89504e470d0a1a0a', 'hex');
mkdirSync(join(share, 'contracts'));
writeFileSync(contract, FIRST);
writeFileSync(
  join(share, '<b>bold<b>.txt'),
  '\u202eNot what it seems. <img src="https://evil.example/x.png"> <script>alert(1)</script>\n',
);
await build({
  configFile: join(root, 'src/web/vite.config.ts'),
  logLevel: 'error',
  mode: 'production',
  build: { outDir: page },
});

const checks = new Checks();
/** One port over all restarts: a page finds its box again where it was. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

await using box = await LiveBox.start({
  port: await freePort(),
  main: join(root, 'test/support/daemon-with-agent.ts'),
  engineProgram: SCRIPTED_ENGINE,
  env: { TEST_PAGE: page },
});
await box.run('workspace.add', { name: 'office', root: share });
const sure = '把通知期改成 60 天';
const unsure = '通知期要更长';
const copy = (to: string) => ({ of: '30 天', change: ['30 天', to] as [string, string], tail: '"}', lead: '"' });
await ScriptedModel.give(box, [
  { when: 'Say what an instruction about a document wants', parts: ['change'] },
  { when: ['You edit documents', unsure], opening: '"new": ', copy: copy('90 天') },
  { when: ['You get one line', unsure], copy: copy('90 个工作日') },
  { when: ['You change one line', unsure], parts: ['{"replace":"30","by":"45"}'] },
  { when: 'You edit documents', opening: '"new": ', copy: copy('60 天') },
  { when: 'You edit documents', opening: '{"old":"', copy: { of: '30 天', tail: '"' } },
  { when: 'You change one line', parts: ['{"replace":"30","by":"60"}'] },
]);
await using browser = await PhoneBrowser.launch(parsePairingLink(box.link)!.spki);
const phones: Phone[] = [];

/** The text of the contract on the share, once the box has written it there. */
async function onShare(wanted: string): Promise<boolean> {
  while (readFileSync(contract, 'utf8') !== wanted) await new Promise((resolve) => setTimeout(resolve, 20));
  return true;
}
async function newPhone(options: Parameters<PhoneBrowser['phone']>[0] = {}): Promise<Phone> {
  const phone = await browser.phone(options);
  phones.push(phone);
  return phone;
}
let shot = 0;
async function look(phone: Phone, name: string): Promise<boolean> {
  if (shots) await phone.page.screenshot({ path: join(shots, `${String(++shot).padStart(2, '0')}-${name}.png`) });
  const wide = await phone.overflow();
  const small = await phone.smallTargets();
  if (wide > 0 || small.length > 0) console.log(`     ${name}: ${wide} px too wide, small: ${small.join(' | ')}`);
  return wide === 0 && small.length === 0;
}
async function confirm(check: string, more: object): Promise<void> {
  const { pairings } = await box.run<{ pairings: { pairingId: string; device: { check: string } | null }[] }>(
    'pair.list',
  );
  const waiting = pairings.find((one) => one.device?.check === check);
  if (!waiting) throw new Error(`no pairing shows ${check}`);
  await box.run('pair.confirm', { pairingId: waiting.pairingId, check, role: 'member', ...more });
}
const connected = (at: Page) => at.getByTestId('link-state').and(at.locator('[data-state="connected"]')).waitFor();

// Pairing, at 360 pixels in Chinese
const phone = await newPhone({ width: 360, height: 740 });
const at = phone.page;
let personId = '';
let deviceId = '';
await checks.check(
  'the page pairs by the printed link, shows the same six digits, and goes on when they are confirmed',
  async () => {
    await at.goto(box.link);
    await at.getByRole('button', { name: '开始配对' }).click();
    const check = (await at.getByTestId('check-number').textContent())!.replace(/\D/g, '');
    await look(phone, 'check-number');
    await confirm(check, { personName: '王芳' });
    await connected(at);
    const { devices } = await box.run<{ devices: { deviceId: string; personId: string }[] }>('device.list');
    ({ deviceId = '', personId = '' } = devices[0] ?? {});
    return deviceId !== '';
  },
);
await checks.check('the secret of the link is gone from the address and the history', async () => {
  const entries = await at.evaluate(() => [location.href, document.referrer]);
  await at.goBack().catch(() => null);
  const before = at.url();
  await at.goto(`https://${box.address}/`);
  return ![...entries, before].some((url) => url.includes('#') || url.includes('s='));
});
await checks.check('the device key cannot be taken out of the browser', async () => {
  return await at.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open('jingu', 1);
      request.onsuccess = () => resolve(request.result);
    });
    const pair = await new Promise<CryptoKeyPair>((resolve) => {
      const request = db.transaction('kept').objectStore('kept').get('key');
      request.onsuccess = () => resolve(request.result as CryptoKeyPair);
    });
    db.close();
    return (
      pair.privateKey.extractable === false &&
      (await crypto.subtle.exportKey('pkcs8', pair.privateKey).then(
        () => false,
        () => true,
      ))
    );
  });
});

// A task
await checks.check('a task that is sure changes exactly that line, and shows the change', async () => {
  await connected(at);
  await at.getByRole('link', { name: '新任务' }).click();
  await at.locator('textarea').fill(sure);
  await look(phone, 'new-task');
  await at.getByRole('button', { name: '交给盒子' }).click();
  await at.locator('.chip', { hasText: '已完成' }).waitFor();
  await at.locator('.diff .add', { hasText: '60 天' }).waitFor();
  await look(phone, 'task-done');
  return await onShare(FIRST.replace('30 天', '60 天'));
});
await checks.check('one tap takes the whole task back, to the first bytes', async () => {
  await at.getByRole('button', { name: '撤销全部修改' }).click();
  await at.locator('.chip', { hasText: '已撤销' }).first().waitFor();
  return await onShare(FIRST);
});
await checks.check('a task that is not sure asks, with the results as diffs, and does what was chosen', async () => {
  await at.goto(`https://${box.address}/new`);
  await connected(at);
  await at.locator('textarea').fill(unsure);
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

// An approval
const risky = (key: string) =>
  box
    .run('rig.agent', { deviceId, operation: 'rig.risky', input: { text: `risky ${key}` }, key })
    .catch((error: { wire: { code: string } }) => error.wire.code);
const happened = async () => (await box.run<{ count: number }>('rig.count')).count;
await checks.check(
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
await checks.check('a denied approval does nothing and says so', async () => {
  await at.goto(`https://${box.address}/approvals`);
  await connected(at);
  await risky('deny-one');
  await at.locator('a.item').first().click();
  await at.getByRole('button', { name: '拒绝' }).click();
  await at.getByTestId('outcome').waitFor();
  return (await risky('deny-one')) === 'APPROVAL_DENIED' && (await happened()) === 1;
});
await checks.check(
  'an approval that another device decided meanwhile says who, and takes no second answer',
  async () => {
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
  },
);
await checks.check('without a connection an approval cannot be answered, and with it again it can', async () => {
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

// Documents and history
await checks.check('hostile names and texts stay text, and hidden characters are shown', async () => {
  await at.goto(`https://${box.address}/documents`);
  await at.getByText('<b>bold<b>.txt').click();
  await at.getByText('⟨U+202E⟩').waitFor();
  await at.getByText('<img src=').waitFor();
  const fits = await look(phone, 'hostile');
  return fits && (await at.locator('main img').count()) === 0;
});
await checks.check('history shows who changed what; restore is one tap, and undo takes the restore back', async () => {
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
await checks.check('a version made elsewhere shows without a reload', async () => {
  const { version } = await box.run<{ version: number }>('doc.read', { path: 'office/contracts/acme.md' });
  await box.run('doc.edit', {
    path: 'office/contracts/acme.md',
    base: version,
    verbs: [{ sub: { line: 5, find: '90', replace: '75' } }],
  });
  await at.locator('li.history', { hasText: `版本 ${version + 1}` }).waitFor();
  return true;
});

await checks.check('any two versions can be compared', async () => {
  await at.getByRole('button', { name: '比较两个版本' }).click();
  await at.getByLabel('之前').selectOption('1');
  await at.locator('.compare .diff .add', { hasText: '75 天' }).waitFor();
  await at.locator('.compare .diff .del', { hasText: '30 天' }).waitFor();
  return await look(phone, 'compare');
});

// Files from this device
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
const listed = (name: string) => at.locator('a.item', { hasText: name }).waitFor();
const sameOnShare = async (name: string, bytes: Buffer) => {
  await box.run('doc.status', { path: `office/${name}`, waitMs: 20_000 });
  return readFileSync(join(share, name)).equals(bytes);
};
await checks.check(
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
await checks.check(
  'a name that is taken is said so in words and by voice, and another name is offered and works',
  async () => {
    const other = Buffer.from('another offer\n');
    await at.locator('input[type=file]').setInputFiles([{ name: 'offer.pdf', mimeType: 'text/plain', buffer: other }]);
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
      const onto = document.querySelector('main ul.list:last-of-type')!;
      for (const type of ['dragover', 'drop']) {
        onto.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
      }
    },
    [name, bytes] as const,
  );
await checks.check('a file that is dropped onto the list is added', async () => {
  await drop('dropped.txt', 3);
  await added('dropped.txt');
  return await sameOnShare('dropped.txt', Buffer.from('!!!'));
});
await checks.check('a file over the limit is refused with the limit named, and nothing of it is sent', async () => {
  const sent: string[] = [];
  at.on('request', (request) => sent.push(request.url()));
  await drop('huge.bin', 65 * 1_048_576);
  await adding('huge.bin').getByText('盒子最多接收 64 MB 的文件').waitFor();
  const fits = await look(phone, 'too-large');
  await adding('huge.bin').getByRole('button', { name: '从此列表移除' }).click();
  await adding('huge.bin').waitFor({ state: 'detached' });
  return fits && sent.every((url) => !url.includes('/api/uploads/'));
});

// The rest of the page, in English, dark, on a desk
const desk = await newPhone({ locale: 'en-US', width: 1200, height: 800, dark: true });
await checks.check('a second browser of the same person pairs, in English', async () => {
  const { page: link } = await box.run<{ page: string }>('pair.open');
  await desk.page.goto(link);
  await desk.page.getByRole('button', { name: 'Pair', exact: true }).click();
  const check = (await desk.page.getByTestId('check-number').textContent())!.replace(/\D/g, '');
  await confirm(check, { personId });
  await connected(desk.page);
  await desk.page.getByText(sure).first().waitFor();
  return true;
});
await checks.check('it sees the same tasks, and its own witness verified the record', async () => {
  await look(desk, 'desk-home');
  await desk.page.getByText(sure).first().click();
  await desk.page.getByText('Taken back').first().waitFor();
  await look(desk, 'desk-task');
  await desk.page.goto(`https://${box.address}/more`);
  await desk.page.getByText(/Record verified up to number \d+/).waitFor();
  return await look(desk, 'desk-more');
});
await checks.check(
  'a tap that never reached the box is sent once, from the outbox, after the connection is back',
  async () => {
    await desk.page.goto(`https://${box.address}/new`);
    await connected(desk.page);
    await box.stop();
    await desk.page.locator('[data-state="offline"]').waitFor();
    await desk.page.locator('textarea').fill('Set the notice period to 60 days 把通知期改成 60 天');
    await desk.page.getByRole('button', { name: 'Give to the box' }).click();
    await desk.page.getByText('To be sent').waitFor();
    await box.restart();
    await connected(desk.page);
    await desk.page.getByText('To be sent').waitFor({ state: 'detached' });
    const { tasks } = await box.run<{ tasks: { text: string }[] }>('task.list');
    return tasks.filter((task) => task.text.startsWith('Set the notice period')).length === 1;
  },
);
await checks.check('a revoked browser is told so, and keeps nothing once it is erased', async () => {
  await box.run('device.revoke', { deviceId });
  await at.getByText('此设备无法继续使用').waitFor();
  await at.getByRole('button', { name: '清除此设备上的数据' }).click();
  await at.getByText('尚未配对').waitFor();
  return true;
});

// What held all the time
await checks.check('nobody but the box was asked for anything', () =>
  phones.every(({ hosts }) => [...hosts].every((host) => host === box.address)),
);
await checks.check('the page policy was never violated, and no script failed', () => {
  // A socket that cannot be opened while the box is away is the one thing that a browser reports as an error.
  const faults = phones
    .flatMap((one) => one.faults)
    .filter((text) => !/WebSocket connection to|ERR_CONNECTION_REFUSED/.test(text));
  for (const fault of faults) console.log(`     ${fault}`);
  return faults.length === 0;
});
await checks.check('the policy that was sent is the pinned one', async () => {
  const policy = await desk.page.request.get(`https://${box.address}/`, { ignoreHTTPSErrors: true });
  const { contentSecurityPolicy } = await import('../../src/protocol/index.ts');
  return policy.headers()['content-security-policy'] === contentSecurityPolicy(box.address);
});

for (const folder of [page, share]) rmSync(folder, { recursive: true, force: true });
process.exitCode = checks.end();
