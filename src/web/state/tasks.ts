import { computed, type Signal, signal } from '@preact/signals';
import type { JinguClient, Subscription } from '../../client/index.ts';
import type { BoxEvent, Hello } from '../../protocol/index.ts';
import { t } from '../i18n/index.ts';
import { announce } from '../parts/announcer.tsx';
import { ask, onClient } from './session.ts';
import { store } from './store.ts';

export interface Task {
  taskId: string;
  text: string;
  workspace: string;
  state: string;
  createdAt: number;
  /** How it ended, in one line; empty before. */
  status: string;
}

/** What is known of one followed task: a fold over its events and texts, kept by the client over reconnects. */
export interface LiveTask {
  events: Signal<BoxEvent[]>;
  /** Text so far, by message. */
  texts: Signal<ReadonlyMap<string, string>>;
}

const ENDED = new Set(['done', 'failed', 'cancelled', 'undone']);
/** The box takes 128 subscriptions a socket; the oldest ended tasks make room. */
const FOLLOWED_MOST = 60;

export const tasks = signal<Task[]>([]);
/** When the shown list came from the box; a cached one is older than this page. */
export const tasksAsOf = signal<number | undefined>(undefined);
export const running = computed(() => tasks.value.filter((task) => !isEnded(task.state)));
export const ended = computed(() => tasks.value.filter((task) => isEnded(task.state)));

export function isEnded(state: string): boolean {
  return ENDED.has(state);
}

export async function refreshTasks(): Promise<void> {
  const { tasks: list } = await ask<{ tasks: Record<string, unknown>[] }>('task.list', {});
  tasks.value = list.map(readTask).sort((a, b) => b.createdAt - a.createdAt);
  tasksAsOf.value = Date.now();
  for (const { taskId } of running.value) followTask(taskId);
  await store.set('tasks', { list: tasks.value.slice(0, 50), at: tasksAsOf.value });
}

export async function loadCachedTasks(): Promise<void> {
  const cached = await store.get<{ list: Task[]; at: number }>('tasks');
  if (cached && tasksAsOf.value === undefined) {
    tasks.value = cached.list;
    tasksAsOf.value = cached.at;
  }
}

/** From `task.list`, `task.show` or the snapshot of `hello`. */
export function readTask(raw: Record<string, unknown>): Task {
  const text = (name: string) => (typeof raw[name] === 'string' ? (raw[name] as string) : '');
  return {
    taskId: text('taskId'),
    text: text('text'),
    workspace: text('workspace'),
    state: raw['undone'] === true ? 'undone' : text('state'),
    createdAt: typeof raw['createdAt'] === 'number' ? raw['createdAt'] : 0,
    status: text('summary'),
  };
}

let client: JinguClient<Hello> | undefined;
const followed = new Map<string, LiveTask & { subscription: Subscription }>();

/** The live view of a task: replayed from its start at the first call, the same object afterwards. */
export function followTask(taskId: string): LiveTask {
  const known = followed.get(taskId);
  if (known) return known;
  const events = signal<BoxEvent[]>([]);
  const texts = signal<ReadonlyMap<string, string>>(new Map());
  const live: LiveTask = { events, texts };
  if (!client) return live;
  makeRoom();
  const subscription = client.subscribe(`task:${taskId}`, {
    event: (event) => {
      events.value = [...events.value, event];
      if (event.kind === 'task-end' && client?.state === 'connected') announce(t('announce.done'));
      if (event.kind === 'task-state' || event.kind === 'task-note' || event.kind === 'task-end') refreshSoon();
    },
    text: ({ messageId, text }) => {
      texts.value = new Map(texts.value).set(messageId, text);
    },
    reset: () => {
      events.value = [];
      texts.value = new Map();
      refreshSoon();
    },
  });
  followed.set(taskId, { ...live, subscription });
  return live;
}

function makeRoom(): void {
  for (const [taskId, { subscription }] of followed) {
    if (followed.size < FOLLOWED_MOST) return;
    if (running.value.some((task) => task.taskId === taskId)) continue;
    subscription.close();
    followed.delete(taskId);
  }
}

let willRefresh = false;
/** A burst of events asks once. */
function refreshSoon(): void {
  if (willRefresh) return;
  willRefresh = true;
  setTimeout(() => {
    willRefresh = false;
    // Offline: the next hello brings the list.
    refreshTasks().catch(() => {});
  }, 100);
}

onClient((opened) => {
  client = opened;
  followed.clear();
  opened.on('hello', refreshSoon);
});
