import type { Node } from '../grammar/index.ts';

/**
 * What the core and the engine guest say to each other. The guest sees text, opaque share keys and limits; no person,
 * device, label or policy ever crosses this line.
 */

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content: string;
  /** Tools the assistant called in this turn. */
  calls?: { name: string; arguments: unknown }[];
}

/** How a conversation is written for a model family; `auto` asks the model file's own template. */
export type DialectId = 'chatml' | 'qwen2.5' | 'auto';

export interface LoadParams {
  file: string;
  dialect: DialectId;
  /** Tokens one sequence can hold, prompt and answer together. */
  contextTokens: number;
  sequences: number;
  threads: number;
}

export interface LoadResult {
  contextTokens: number;
  sequences: number;
  threads: number;
  loadMs: number;
  vocabulary: number;
  architecture: string;
}

/** Greedy at temperature 0, the default; `seed` makes other temperatures repeatable. */
export interface SamplingParams {
  temperature?: number | undefined;
  topP?: number | undefined;
  topK?: number | undefined;
  minP?: number | undefined;
  seed?: number | undefined;
  presencePenalty?: number | undefined;
  frequencyPenalty?: number | undefined;
}

export type PromptParams = { messages: ChatMessage[]; tools?: ToolShape[] } | { text: string };

export interface ToolShape {
  name: string;
  description?: string;
  parameters?: unknown;
}

export interface GenerateParams extends SamplingParams {
  prompt: PromptParams;
  /** The answer then ends where the grammar ends. */
  grammar?: GrammarParams;
  /** Text the answer is made to begin with; it is part of the answer. */
  opening?: string;
  stop?: string[];
  maxTokens: number;
  /** Keep room for the whole of `maxTokens` or refuse; `false` takes what is left in the context (at least 16). */
  reserveAll: boolean;
  /** Requests of one key share one portion of the engine. Opaque to the guest. */
  shareKey: string;
  class: RequestClass;
  /** Requests that begin alike. A hint for where to look for a warm prefix, never a key to somebody's text. */
  prefixKey?: string;
}

/** A grammar of ours as a tree, or somebody's GBNF with a rule `root`. Of a tree the engine can tell what is forced. */
export type GrammarParams = { root: Node; rules: [string, Node][] } | { gbnf: string };

export type RequestClass = 'interactive' | 'agent' | 'batch';

export type GeneratePart =
  | { type: 'start'; promptTokens: number; cachedTokens: number }
  | { type: 'prefill'; done: number; total: number }
  | { type: 'text'; text: string };

export interface Usage {
  promptTokens: number;
  /** Prompt tokens that were still in the sequence and cost nothing. */
  cachedTokens: number;
  completionTokens: number;
}

export interface GenerateResult {
  text: string;
  finish: 'stop' | 'length';
  usage: Usage;
  timing: { queueMs: number; firstTokenMs: number; totalMs: number; promptMs: number };
}

export interface CountResult {
  promptTokens: number;
  contextTokens: number;
}

export interface EngineStats {
  running: number;
  queued: number;
  ticks: number;
  overruns: number;
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  cancelled: number;
  /** Milliseconds of the slowest and the latest ticks. */
  maxTickMs: number;
  lastTickMs: number;
  rssBytes: number;
  sequences: { tokens: number; busy: boolean }[];
}
