import { signal } from '@preact/signals';
import { CallError } from '../../client/index.ts';
import { newId } from '../../common/index.ts';
import { invoke, onClient } from './session.ts';
import { store } from './store.ts';

export interface Outgoing {
  /** The idempotency key: made before the first try, kept until acknowledged. */
  key: string;
  at: number;
  input: { text: string; workspace: string; documents?: string[] };
  error?: string;
}

/** Task submissions only: approvals, rollbacks and admin actions never wait here. */
export const OUTBOX_LIMIT = 50;
export const outbox = signal<Outgoing[]>([]);
/** Task ids by key, for the screen that waits for its task. */
export const submitted = signal<ReadonlyMap<string, string>>(new Map());

let sending: Promise<void> | undefined;

/** Kept durably first, then sent as soon as there is a connection. Returns the key. */
export async function submitTask(input: Outgoing['input']): Promise<string> {
  const key = newId('key');
  outbox.value = [...outbox.value, { key, at: Date.now(), input }];
  await store.set('outbox', outbox.value);
  void sendAll();
  return key;
}

export async function dropOutgoing(key: string): Promise<void> {
  outbox.value = outbox.value.filter((one) => one.key !== key);
  await store.set('outbox', outbox.value);
}

export function sendAll(): Promise<void> {
  sending ??= sendEach().finally(() => {
    sending = undefined;
  });
  return sending;
}

async function sendEach(): Promise<void> {
  for (const one of outbox.value) {
    if (one.error !== undefined) continue;
    try {
      const { output } = await invoke('task.submit', one.input, { idempotencyKey: one.key });
      submitted.value = new Map(submitted.value).set(one.key, (output as { taskId: string }).taskId);
      await dropOutgoing(one.key);
    } catch (error) {
      // Without a connection it stays as it is; a refusal of the box stays with its reason until a person drops it.
      if (!(error instanceof CallError) || error.wire.retryable || error.wire.category === 'cancelled') return;
      outbox.value = outbox.value.map((other) => (other.key === one.key ? { ...other, error: error.message } : other));
      await store.set('outbox', outbox.value);
    }
  }
}

onClient((client) => {
  client.on('hello', () => void sendAll());
});

export async function loadOutbox(): Promise<void> {
  outbox.value = (await store.get<Outgoing[]>('outbox')) ?? [];
}
