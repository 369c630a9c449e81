import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { parsePairingLink } from '../../../src/protocol/index.ts';
import { type Phone, PhoneBrowser } from '../../support/browser.ts';
import { Checks } from '../../support/checks.ts';
import { freePort } from '../../support/free-port.ts';
import { LiveBox } from '../../support/live-box.ts';
import { SCRIPTED_ENGINE, ScriptedModel } from '../../support/scripted-model.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
export const FIRST =
  '# 供货合同\n\n## 第三条 通知期\n\n任何一方可提前 30 天书面通知终止本合同。\n\n## 第四条 付款\n\n发票开出后付款。\n';
/** What the scripted model does at once, and what it asks about. */
export const SURE = '把通知期改成 60 天';
export const UNSURE = '通知期要更长';

export type WebRig = Awaited<ReturnType<typeof webRig>>;

/** The page as it is built, the box that serves it with a scripted model, and a browser that trusts this box alone. */
export async function webRig() {
  await using ends = new AsyncDisposableStack();
  const folder = (name: string) =>
    ends.adopt(mkdtempSync(join(tmpdir(), name)), (made) => rmSync(made, { recursive: true, force: true }));
  const page = folder('jingu-page-');
  const share = folder('jingu-share-');
  const contract = join(share, 'contracts', 'acme.md');
  fillShare(share, contract);
  await build({
    configFile: join(ROOT, 'src/web/vite.config.ts'),
    logLevel: 'error',
    mode: 'production',
    build: { outDir: page },
  });
  const checks = new Checks();
  const box = ends.use(
    await LiveBox.start({
      // One port over all restarts: a page finds its box again where it was.
      port: await freePort(),
      main: join(ROOT, 'test/support/daemon-with-agent.ts'),
      engineProgram: SCRIPTED_ENGINE,
      env: { TEST_PAGE: page },
    }),
  );
  await box.run('workspace.add', { name: 'office', root: share });
  await giveModel(box);
  const browser = ends.use(await PhoneBrowser.launch(parsePairingLink(box.link)!.spki));
  const phones: Phone[] = [];

  /** The text of the contract on the share, once the box has written it there. */
  const onShare = async (wanted: string): Promise<boolean> => {
    while (readFileSync(contract, 'utf8') !== wanted) await new Promise((resolve) => setTimeout(resolve, 20));
    return true;
  };
  const newPhone = async (options: Parameters<PhoneBrowser['phone']>[0] = {}): Promise<Phone> => {
    const phone = await browser.phone(options);
    phones.push(phone);
    return phone;
  };
  const shots = process.env['JINGU_SHOTS'];
  let shot = 0;
  const look = async (phone: Phone, name: string): Promise<boolean> => {
    if (shots) await phone.page.screenshot({ path: join(shots, `${String(++shot).padStart(2, '0')}-${name}.png`) });
    const wide = await phone.overflow();
    const small = await phone.smallTargets();
    if (wide > 0 || small.length > 0) console.log(`     ${name}: ${wide} px too wide, small: ${small.join(' | ')}`);
    return wide === 0 && small.length === 0;
  };
  const confirm = async (check: string, more: object): Promise<void> => {
    const { pairings } = await box.run<{ pairings: { pairingId: string; device: { check: string } | null }[] }>(
      'pair.list',
    );
    const waiting = pairings.find((one) => one.device?.check === check);
    if (!waiting) throw new Error(`no pairing shows ${check}`);
    await box.run('pair.confirm', { pairingId: waiting.pairingId, check, role: 'member', ...more });
  };
  const check = (promise: string, fn: () => boolean | Promise<boolean>) => checks.check(promise, fn);
  const all = ends.move();
  return {
    ...{ box, share, phones, checks, check, onShare, newPhone, look, confirm },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

export const connected = (at: Page) =>
  at.getByTestId('link-state').and(at.locator('[data-state="connected"]')).waitFor();

function fillShare(share: string, contract: string): void {
  mkdirSync(join(share, 'contracts'));
  writeFileSync(contract, FIRST);
  writeFileSync(join(share, 'prices.csv'), '品名,单价\n绿茶,20\n红茶,30\n');
  writeFileSync(
    join(share, '<b>bold<b>.txt'),
    '\u202eNot what it seems. <img src="https://evil.example/x.png"> <script>alert(1)</script>\n',
  );
}

async function giveModel(box: LiveBox): Promise<void> {
  const copy = (to: string) => ({ of: '30 天', change: ['30 天', to] as [string, string], tail: '"}', lead: '"' });
  await ScriptedModel.give(box, [
    { when: 'Say what an instruction about a document wants', parts: ['change'] },
    { when: ['You edit documents', UNSURE], opening: '"new": ', copy: copy('90 天') },
    { when: ['You get one line', UNSURE], copy: copy('90 个工作日') },
    { when: ['You change one line', UNSURE], parts: ['{"replace":"30","by":"45"}'] },
    { when: 'You edit documents', opening: '"new": ', copy: copy('60 天') },
    { when: 'You edit documents', opening: '{"old":"', copy: { of: '30 天', tail: '"' } },
    { when: 'You change one line', parts: ['{"replace":"30","by":"60"}'] },
  ]);
}
