import { hostname, platform, release } from 'node:os';
import {
  type AppInfo,
  type JinguClient,
  localError,
  openBox,
  type PairedBox,
  pairFromLink,
  readPairingLink,
  type Transport,
  type Witness,
} from '../client/index.ts';
import type { Locale } from '../common/index.ts';
import type { Hello } from '../protocol/index.ts';
import { holdingClock } from './clock.ts';
import type { DeviceFolder } from './device-folder.ts';
import { nodeTransport } from './node-transport.ts';

export interface PairFolderOptions {
  /** A pairing link in either form. */
  link: string;
  folder: DeviceFolder;
  /** Shown to the administrator; the host name if left out. */
  name?: string;
  transport?: Transport;
  onCheckNumber?: (digits: string) => void;
  signal?: AbortSignal;
}

/** Pairs this program by a link and keeps what it learnt in the folder. @throws CallError */
export async function pairFolder(options: PairFolderOptions): Promise<PairedBox> {
  const { link, folder, name, transport, onCheckNumber, signal } = options;
  const box = await pairFromLink(readPairingLink(link), {
    transport: transport ?? nodeTransport(),
    clock: holdingClock,
    key: await folder.key(),
    device: {
      name: name ?? hostname().slice(0, 100),
      model: 'program',
      platform: `${platform()} ${release()}`.slice(0, 100),
    },
    ...(onCheckNumber ? { onCheckNumber } : {}),
    ...(signal ? { signal } : {}),
  });
  folder.saveBox(box);
  return box;
}

export interface OpenFolderOptions {
  folder: DeviceFolder;
  app: AppInfo;
  locale?: Locale;
  transport?: Transport;
  requestedScopes?: string[];
  random?: () => number;
}

/** A client of the box that this folder was paired with, not yet connected. @throws CLIENT_LINK_INVALID if it was not. */
export async function openFolder(
  options: OpenFolderOptions,
): Promise<{ client: JinguClient<Hello>; witness: Witness }> {
  const { folder, app, locale, transport, requestedScopes, random } = options;
  const box = folder.box();
  if (!box) throw localError('CLIENT_LINK_INVALID', { reason: 'this device was not paired yet' });
  return openBox({
    box,
    key: await folder.key(),
    transport: transport ?? nodeTransport(),
    app,
    locale: locale ?? 'en',
    origin: null,
    witness: folder,
    clock: holdingClock,
    ...(requestedScopes ? { requestedScopes } : {}),
    ...(random ? { random } : {}),
  });
}
