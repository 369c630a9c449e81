import { signal } from '@preact/signals';
import {
  browserTransport,
  type CallError,
  type ConnectionState,
  deviceKey,
  generateKeyPair,
  type InvokeOptions,
  type JinguClient,
  openBox,
  type PairedBox,
  pairFromLink,
  type Witness,
  type WitnessState,
} from '../../client/index.ts';
import { systemClock } from '../../common/index.ts';
import type { Hello, InvokeResult, PairingLink } from '../../protocol/index.ts';
import { locale } from '../i18n/index.ts';
import { store } from './store.ts';

export type Phase = 'starting' | 'unpaired' | 'open' | 'refused';

export const phase = signal<Phase>('starting');
export const connection = signal<ConnectionState>('offline');
/** False until the first `hello` of this page. */
export const hasConnected = signal(false);
export const offlineSince = signal(Date.now());
export const hello = signal<Hello | undefined>(undefined);
export const witnessState = signal<WitnessState>({ kind: 'nothing-yet' });
export const refusal = signal<CallError | undefined>(undefined);
export const pairedBox = signal<PairedBox | undefined>(undefined);
/** How often the box was reached since the page was opened. */
export const connects = signal(0);

let client: JinguClient<Hello> | undefined;
let witness: Witness | undefined;
const listeners = new Set<(client: JinguClient<Hello>) => void>();

/** Runs for every client that is opened: rooms of state subscribe here. */
export function onClient(listener: (client: JinguClient<Hello>) => void): void {
  listeners.add(listener);
}

export function currentClient(): JinguClient<Hello> | undefined {
  return client;
}

/** Opens the paired box of this device, if there is one. The store must be open. */
export async function start(): Promise<void> {
  const box = await store.get<PairedBox>('box');
  const pair = await store.get<CryptoKeyPair>('key');
  if (!box || !pair) {
    phase.value = 'unpaired';
    return;
  }
  await openClient(box, pair);
}

export function isSecure(): boolean {
  return window.isSecureContext && typeof crypto?.subtle === 'object';
}

/** Pairs by a link, keeps what it learnt, and opens the box. @throws CallError */
export async function pair(
  link: PairingLink,
  name: string,
  onCheckNumber: (digits: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const keys = await generateKeyPair();
  const box = await pairFromLink(link, {
    transport: browserTransport,
    clock: systemClock,
    key: await deviceKey(keys),
    device: { name, model: 'browser', platform: platformName() },
    origin: location.origin,
    onCheckNumber,
    signal,
  });
  client?.close();
  await store.clear();
  await store.set('key', keys);
  await store.set('box', box);
  // Asks the browser not to evict the key of a witness; a no is no reason to stop.
  await navigator.storage?.persist?.().catch(() => false);
  await openClient(box, keys);
}

/** Erases everything this device keeps. It must be paired again afterwards. */
export async function forget(): Promise<void> {
  client?.close();
  client = undefined;
  await store.clear();
  hello.value = undefined;
  pairedBox.value = undefined;
  refusal.value = undefined;
  hasConnected.value = false;
  phase.value = 'unpaired';
}

export async function acceptRecord(): Promise<void> {
  await witness?.accept();
}

/** Runs an operation. @throws CallError */
export function invoke(operation: string, input: unknown, options?: InvokeOptions): Promise<InvokeResult> {
  if (!client) throw new Error('no box is open');
  return client.invoke(operation, input, options);
}

/** The output of a read. @throws CallError */
export async function ask<T>(operation: string, input: unknown): Promise<T> {
  return (await invoke(operation, input)).output as T;
}

async function openClient(box: PairedBox, keys: CryptoKeyPair): Promise<void> {
  const opened = openBox({
    box,
    key: await deviceKey(keys),
    transport: browserTransport,
    app: { id: 'web', version: '1', platform: platformName() },
    locale: locale.value,
    origin: location.origin,
    witness: { load: () => store.get('head'), save: (kept) => store.set('head', kept) },
  });
  client = opened.client;
  witness = opened.witness;
  pairedBox.value = box;
  phase.value = 'open';
  witness.onState((state) => {
    witnessState.value = state;
  });
  client.on('state', (state) => {
    connection.value = state;
    if (state === 'offline') offlineSince.value = Date.now();
  });
  client.on('hello', (value) => {
    hello.value = value;
    hasConnected.value = true;
    connects.value = client?.connects ?? 0;
  });
  client.on('refused', (error) => {
    refusal.value = error;
    phase.value = 'refused';
  });
  for (const listener of listeners) listener(client);
  // Its end is told by the `refused` event; the promise is for programs that wait.
  client.connect().catch(() => {});
}

function platformName(): string {
  const { userAgent } = navigator;
  const system = /Android|iPhone|iPad|Windows|Mac OS X|Linux/.exec(userAgent)?.[0] ?? 'unknown';
  const browser = /DingTalk|MicroMessenger|Feishu|Edg|Firefox|Chrome|Safari/.exec(userAgent)?.[0] ?? 'browser';
  return `${browser} on ${system}`
    .replace('Edg', 'Edge')
    .replace('Mac OS X', 'macOS')
    .replace('MicroMessenger', 'WeChat');
}

export const suggestedName = platformName;

/** Once, at the start of the page: the phone woke, the tab came back, the network returned. */
export function watchWaking(): void {
  const wake = () => {
    if (document.visibilityState === 'visible') client?.wake();
  };
  document.addEventListener('visibilitychange', wake);
  window.addEventListener('online', wake);
  window.addEventListener('pageshow', wake);
}
