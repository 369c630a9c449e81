import { CallError } from '../../../src/client/index.ts';
import { Checks } from '../../support/checks.ts';
import { freePort } from '../../support/free-port.ts';
import { LiveBox } from '../../support/live-box.ts';
import { TestPhone } from '../../support/phone.ts';
import { Stranger } from '../../support/stranger.ts';

interface Opened {
  pairingId: string;
  link: string;
  page: string;
}

interface PhoneShape {
  keyAlg?: 'p256';
  browser?: boolean;
  name?: string;
}

export const app = { id: 'accept', version: '1', platform: 'node' };
export type PairingRig = Awaited<ReturnType<typeof pairingRig>>;

/** The box that all subjects share, with phones of their own addresses, and every secret that was ever given out. */
export async function pairingRig() {
  const checks = new Checks();
  const box = new LiveBox({ port: await freePort() });
  await box.start();
  const secrets: string[] = [];
  let people = 0;
  let sources = 1;
  /** The next source address nobody has used yet. */
  const address = () => `127.0.${sources >> 8}.${sources++ & 255}`;
  const name = () => `Colleague ${++people}`;
  const newPhone = (options: PhoneShape): TestPhone => {
    const phone = new TestPhone({ ...options, address: address(), origin: `https://${box.address}` });
    if (options.name) phone.name = options.name;
    return phone;
  };
  const peer = (phone: TestPhone) => new Stranger(box.address, phone.source.address, phone.source.origin).pairing;
  const open = async (input: object = {}): Promise<Opened> => {
    const opened = await box.run<Opened>('pair.open', input);
    secrets.push(/s=([\w-]{22})/.exec(opened.link)![1]!);
    return opened;
  };
  const confirm = async (pairingId: string, phone: TestPhone): Promise<void> => {
    await box.run('pair.confirm', { pairingId, check: phone.check, personName: name() });
    await phone.status(peer(phone));
  };
  const pairPhone = async (options: PhoneShape): Promise<TestPhone> => {
    const { pairingId, link, page } = await open();
    const phone = newPhone(options);
    await phone.join(peer(phone), options.browser ? page : link);
    await confirm(pairingId, phone);
    return phone;
  };
  const check = (promise: string, fn: () => boolean | Promise<boolean>) => checks.check(promise, fn);
  return { box, checks, check, secrets, address, name, newPhone, peer, open, confirm, pairPhone };
}

/** The code that a call was refused with; nothing where it was not. */
export async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (error instanceof CallError) return error.code;
    const { code, wire } = error as { code?: string; wire?: { code: string } };
    return wire?.code ?? code ?? String(error);
  }
}
