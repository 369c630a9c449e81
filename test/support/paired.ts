import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JinguClient, Witness } from '../../src/client/index.ts';
import { DeviceFolder, openFolder, pairFolder } from '../../src/client-node/index.ts';
import type { Hello } from '../../src/protocol/index.ts';
import type { LiveBox } from './live-box.ts';

export interface PairedDevice {
  client: JinguClient<Hello>;
  witness: Witness;
  folder: DeviceFolder;
  deviceId: string;
  personId: string;
}

interface Waiting {
  pairings: { pairingId: string; state: string; device: { check: string } | null }[];
}

/** Pairs a device by a fresh link (or the given one) and confirms it at the console after comparing the six digits. */
export async function pairDevice(
  box: LiveBox,
  options: { person?: string; link?: string; personId?: string } = {},
): Promise<PairedDevice> {
  const link = options.link ?? (await box.run<{ link: string }>('pair.open')).link;
  const folder = new DeviceFolder(mkdtempSync(join(tmpdir(), 'jingu-device-')));
  let digits: (value: string) => void = () => {};
  const shown = new Promise<string>((resolve) => {
    digits = resolve;
  });
  const pairing = pairFolder({ link, folder, name: 'test device', onCheckNumber: digits });
  pairing.catch(() => {});
  const check = await Promise.race([shown, pairing.then(() => '')]);
  const { pairings } = await box.run<Waiting>('pair.list');
  const waiting = pairings.find((p) => p.device?.check === check);
  if (!waiting) throw new Error(`no pairing shows ${check}`);
  const who = options.personId ? { personId: options.personId } : { personName: options.person ?? `Staff ${check}` };
  await box.run('pair.confirm', { pairingId: waiting.pairingId, check, role: 'member', ...who });
  const paired = await pairing;
  const { client, witness } = await openFolder({ folder, app: { id: 'test', version: '1', platform: 'node' } });
  return { client, witness, folder, deviceId: paired.deviceId, personId: paired.personId };
}
