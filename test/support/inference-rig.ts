import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { silentLogger, systemClock } from '../../src/common/index.ts';
import type { GuestHandle } from '../../src/guest/index.ts';
import { Inference, type InferenceOptions, inferenceMigrations } from '../../src/inference/index.ts';
import type { ModelRecord } from '../../src/inference/model-record.ts';
import { Store } from '../../src/store/index.ts';

export interface Rig {
  folder: string;
  models: string;
  store: Store;
  inference: Inference;
  events: { topic: string; kind: string; data: Record<string, unknown> }[];
  /** The same box after a restart, over the same files. */
  again(more?: Partial<InferenceOptions>): Promise<Rig>;
  /** Needed only after `openRig`. */
  close(): Promise<void>;
}

const open: (() => Promise<void>)[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A box with a real store and, unless told otherwise, no engine. It is closed after the test. */
export async function rig(more: Partial<InferenceOptions> = {}): Promise<Rig> {
  const made = await openRig(more);
  open.push(() => made.close());
  folders.push(made.folder);
  return made;
}

/** The same for whoever closes it; the folder is left to them too. */
export async function openRig(more: Partial<InferenceOptions> = {}, folder?: string): Promise<Rig> {
  const home = folder ?? mkdtempSync(join(tmpdir(), 'jingu-inference-'));
  const models = join(home, 'models');
  await mkdir(models, { recursive: true });
  const store = new Store({ directory: join(home, 'data'), migrations: inferenceMigrations, log: silentLogger });
  const events: Rig['events'] = [];
  const inference = new Inference({
    db: store,
    clock: systemClock,
    log: silentLogger,
    host: { start: () => noGuest() },
    events: { emit: (_tx, topic, kind, data) => void events.push({ topic, kind, data }) },
    modelDirectory: models,
    threads: 1,
    ...more,
  });
  inference.start();
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= inference.stop().then(() => store.close());
    return closed;
  };
  return {
    close,
    folder: home,
    models,
    store,
    inference,
    events,
    again: async (changed = {}) => {
      await close();
      const next = await openRig({ ...more, ...changed }, home);
      open.push(() => next.close());
      return next;
    },
  };
}

function noGuest(): GuestHandle {
  throw new Error('this test has no engine');
}

/** Bytes that pass for a model as long as nobody loads them. */
export function fakeModel(bytes = 200_000, seed = 1): Buffer {
  const content = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) content[i] = (i * 7 + seed * 13) & 0xff;
  content.write('GGUF', 0, 'latin1');
  return content;
}

export function recordOf(content: Buffer, more: Partial<ModelRecord> = {}): ModelRecord {
  return {
    id: 'fake',
    name: 'Fake',
    file: 'fake.gguf',
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    licence: 'none',
    dialect: 'chatml',
    trainedTokens: 1024,
    contextTokens: 1024,
    sequences: 2,
    kvBytesPerToken: 1000,
    origin: 'catalogue',
    sources: [
      { hub: 'huggingface', repository: 'a/b', revision: 'r', file: 'fake.gguf' },
      { hub: 'modelscope', repository: 'a/b', revision: 'r', file: 'fake.gguf' },
    ],
    ...more,
  };
}

export function put(path: string, content: Buffer): string {
  writeFileSync(path, content);
  return path;
}
