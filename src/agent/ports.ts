import type { Tx } from '../common/index.ts';
import type { Caller, EventKind, InvokeRequest, InvokeResult } from '../protocol/index.ts';

/** The door, as the agent needs it: nothing is read, asked of a model or changed in any other way. */
export type Invoke = (
  caller: Caller,
  request: InvokeRequest,
  options?: { signal?: AbortSignal; onPart?: (part: unknown) => void },
) => Promise<InvokeResult>;

export interface EventSink {
  emit(tx: Tx, topic: string, kind: EventKind, data: Record<string, unknown>): void;
  /** Makes the topic one person's own. */
  own(tx: Tx, topic: string, person: string): void;
}

export interface QuestionOption {
  id: string;
  label: string;
  /** The exact change as a unified diff. */
  diff?: string;
}

export interface Question {
  personId: string;
  taskId: string;
  title: string;
  question: string;
  options: QuestionOption[];
}

export type QuestionOutcome =
  | { state: 'pending' }
  | { state: 'answered'; answer: string; by: string | null }
  | { state: 'denied' | 'expired' | 'withdrawn' };

/** Durable questions and the approvals of parked calls: rows of the door, answered from any surface. */
export interface Questions {
  ask(tx: Tx, question: Question): string;
  /** How a question or an approval stands; undefined for an id that is not known. */
  outcome(id: string): QuestionOutcome | undefined;
  /** Ends what nobody needs to answer any more. */
  withdraw(tx: Tx, taskId: string): void;
  /** Calls back after the commit of each resolution with the task it belongs to. */
  onResolved(listener: (taskId: string) => void): () => void;
}

export interface TextHandle {
  append(text: string): void;
  end(): Promise<void>;
}

export interface TextStreams {
  start(topic: string, about?: Record<string, unknown>): Promise<TextHandle>;
}

/** Builds the caller of a task anew from today's records; throws if the person or device may no longer act. */
export type CallerFor = (submitter: Caller, taskId: string) => Caller;
