import { signal } from '@preact/signals';
import type { CallError } from '../../client/index.ts';
import { newId } from '../../common/index.ts';
import { locale, t } from '../i18n/index.ts';
import { announce } from '../parts/announcer.tsx';
import { boxName } from '../parts/other-name.ts';
import { visible } from '../parts/visible.ts';
import { currentClient, invoke } from './session.ts';

export interface AddedFile {
  id: number;
  file: File;
  workspace: string;
  /** Path inside the workspace that the document is to have. */
  name: string;
  step: 'waiting' | 'reading' | 'sending' | 'adding' | 'added' | 'refused';
  /** Bytes that the box has. */
  sent: number;
  /** Of the call that makes the document: the same for every try under the same name. */
  key: string;
  error?: unknown;
}

/** Every file that was chosen since the page was opened, until a person removes it from the list. */
export const addedFiles = signal<readonly AddedFile[]>([]);
/** How many became documents since the page was opened: lists ask again when it changes. */
export const addedCount = signal(0);

/** An Office file is taken apart before it is a document. */
const ADD_MS = 120_000;
let ids = 0;
let isRunning = false;

/** They are sent one after another, also while another screen is shown. */
export function addFiles(workspace: string, files: Iterable<File>): void {
  const rows = Array.from(files, (file): AddedFile => {
    return { id: ++ids, file, workspace, name: boxName(file.name), step: 'waiting', sent: 0, key: newId('key') };
  });
  addedFiles.value = [...addedFiles.value, ...rows];
  void addEach();
}

/** Once more, under this name. What was sent already is not sent again. */
export function addAgain({ id, key, name }: AddedFile, typed = name): void {
  const wanted = boxName(typed);
  change(id, { name: wanted, step: 'waiting', error: undefined, key: wanted === name ? key : newId('key') });
  void addEach();
}

export function removeAdded(...gone: readonly { id: number }[]): void {
  addedFiles.value = addedFiles.value.filter((one) => !gone.some(({ id }) => id === one.id));
}

async function addEach(): Promise<void> {
  if (isRunning) return;
  isRunning = true;
  for (;;) {
    const next = addedFiles.value.find((one) => one.step === 'waiting');
    if (!next) break;
    await addOne(next);
  }
  isRunning = false;
}

async function addOne({ id, file, workspace, name, key }: AddedFile): Promise<void> {
  change(id, { step: 'reading' });
  try {
    const client = currentClient();
    if (!client) return removeAdded({ id });
    const onProgress = (sent: number) => change(id, { step: 'sending', sent });
    const sha256 = await client.upload(file, { onProgress, locale: locale.value });
    change(id, { step: 'adding' });
    const input = { path: `${workspace}/${name}`, sha256 };
    await invoke('doc.add', input, { idempotencyKey: key, timeoutMs: ADD_MS });
    change(id, { step: 'added' });
    addedCount.value++;
    announce(t('announce.added', { name: visible(name) }));
  } catch (error) {
    change(id, { step: 'refused', error });
    const why = (error as Partial<CallError>).message ?? t('error.title');
    announce(t('announce.refused', { name: visible(name), why }));
  }
}

function change(id: number, to: Partial<AddedFile>): void {
  addedFiles.value = addedFiles.value.map((one) => (one.id === id ? { ...one, ...to } : one));
}
