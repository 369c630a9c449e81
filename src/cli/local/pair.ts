import { renderUnicodeCompact } from 'uqr';
import { CliError, cliFail } from '../cli-error.ts';
import { ask, type Context, call } from '../context.ts';
import { plain } from '../render/value.ts';

interface Opened {
  pairingId: string;
  page: string;
  expiresInMs: number;
}

interface Pairing {
  pairingId: string;
  state: 'open' | 'bound' | 'confirmed' | 'closed';
  expiresInMs: number;
  device: { name: string; platform: string; address: string; check: string } | null;
  closedReason: string | null;
}

/** `jingu pair`: opens a window, shows its code and, on a terminal, waits for the device and lets it in. */
export async function pair(context: Context, input: Record<string, unknown>): Promise<unknown> {
  const { terminal, locale } = context;
  const { output } = await call(context, 'pair.open', input);
  if (!terminal.isHuman || context.globals.dryRun) return output;
  const { pairingId, page } = output as Opened;
  terminal.note(renderUnicodeCompact(page, { border: 2 }));
  terminal.note(page);
  terminal.note(
    locale === 'zh'
      ? '用手机扫码,或在设备上打开链接。按 Ctrl-C 取消。'
      : 'Scan it with the phone, or open the link on the device. Ctrl-C cancels.',
  );
  return await letIn(context, pairingId);
}

/** `jingu pair confirm` without words: the window that is open now, whoever opened it. */
export async function confirmWaiting(context: Context): Promise<unknown> {
  const { pairings } = await ask<{ pairings: Pairing[] }>(context, 'pair.list');
  const live = pairings.find(({ state, expiresInMs }) => (state === 'bound' || state === 'open') && expiresInMs > 0);
  if (!live) throw cliFail('USAGE', { reason: 'no pairing window is open: jingu pair' }, context.locale);
  if (!context.terminal.mayAsk) {
    throw cliFail(
      'USAGE',
      { reason: 'off a terminal, say which: jingu pair confirm <pairing-id> <digits> --person-name <name>' },
      context.locale,
    );
  }
  return await letIn(context, live.pairingId);
}

async function letIn(context: Context, pairingId: string): Promise<unknown> {
  const { terminal, locale, signal } = context;
  const zh = locale === 'zh';
  const device = await waitForDevice(context, pairingId);
  terminal.note('');
  terminal.note(`  ${plain(device.name)}  (${plain(device.platform)}, ${plain(device.address)})`);
  terminal.note(`  ${terminal.style('bold', `${device.check.slice(0, 3)} ${device.check.slice(3)}`, 'stderr')}`);
  terminal.note('');
  const same = await terminal.askYes(
    zh ? '设备上显示的是同样的六位数字吗?' : 'Does the device show the same six digits?',
    signal,
  );
  if (!same) {
    await call(context, 'pair.cancel', { pairingId });
    throw cliFail('USAGE', { reason: zh ? '已取消配对' : 'the pairing was cancelled: nothing was let in' }, locale);
  }
  const name = await terminal.ask(zh ? '这是谁的设备(姓名)?' : 'Whose device is it (name)? ', signal);
  const person = await personNamed(context, name || device.name);
  const { output } = await call(context, 'pair.confirm', { pairingId, check: device.check, ...person });
  return output;
}

/** Somebody the box knows already, or a new person. */
async function personNamed(context: Context, name: string): Promise<{ personId: string } | { personName: string }> {
  const { people } = await ask<{ people: { personId: string; name: string }[] }>(context, 'person.list');
  const known = people.find((person) => person.name.toLowerCase() === name.toLowerCase());
  return known ? { personId: known.personId } : { personName: name };
}

async function waitForDevice(context: Context, pairingId: string): Promise<NonNullable<Pairing['device']>> {
  const { signal, locale } = context;
  for (;;) {
    const pairing = await ask<Pairing>(context, 'pair.show', { pairingId });
    if (pairing.state === 'bound' && pairing.device) return pairing.device;
    if (pairing.state !== 'open' || pairing.expiresInMs <= 0) {
      throw new CliError(
        cliFail('USAGE', { reason: `the pairing window closed: ${pairing.closedReason ?? 'time is up'}` }, locale).wire,
      );
    }
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, 400);
      signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          reject(signal.reason);
        },
        { once: true },
      );
    });
  }
}
