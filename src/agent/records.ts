import type { Caller, Label } from '../protocol/index.ts';

export type TaskState = 'queued' | 'running' | 'waiting' | 'done' | 'failed' | 'cancelled';

/** How a finished task ended: it changed something, answered, found nothing to do, or a person said no. */
export type TaskResult = 'changed' | 'answered' | 'refused' | 'declined' | 'failed' | 'cancelled';

export interface Task {
  id: string;
  person: string;
  /** Who submitted it, as stored; never used to act before it is rebuilt from today's records. */
  submitter: Caller;
  text: string;
  workspace: string;
  /** Documents it is about; empty: whichever of the workspace fits. */
  documents: string[];
  /** Words added while it ran, in order. */
  hints: string[];
  state: TaskState;
  result: TaskResult | null;
  summary: string | null;
  /** Question or approval it waits for. */
  waitingFor: string | null;
  undone: boolean;
  /** Join of all that entered its context: integrity only falls, confidentiality only rises. */
  label: Label;
  steps: number;
  tokens: number;
  activeMs: number;
  createdAt: number;
  endedAt: number | null;
}

/** One step as journalled: written before it begins, completed with its result. */
export interface Step {
  task: string;
  n: number;
  kind: string;
  /** SHA-256 of what was asked: a resumed run that asks something else at this place does not take the old answer. */
  request: string;
  key: string | null;
  state: 'begun' | 'done';
  result: unknown;
}

export const OPEN_STATES: readonly TaskState[] = ['queued', 'running', 'waiting'];
