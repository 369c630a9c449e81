/** What the edit brain needs from a language model. The daemon binds it to the operation `model.complete`. */
export interface ModelPort {
  complete(request: CompleteRequest, options?: { signal?: AbortSignal }): Promise<CompleteResult>;
}

export interface CompleteRequest {
  messages: readonly { role: 'system' | 'user' | 'assistant'; content: string }[];
  /** What the answer may look like. `choices`: exactly one of the strings; at least one, all different, none empty. */
  grammar?:
    | { kind: 'json'; schema: unknown }
    | { kind: 'choices'; choices: readonly string[] }
    | { kind: 'gbnf'; text: string };
  /** Text the answer is made to begin with; not part of `text`. A grammar describes what follows it. */
  opening?: string;
  maxTokens: number;
  /** 0 when left out: the same question gets the same answer. */
  temperature?: number;
  /** Requests with the same key share their beginning; the engine keeps it warm. */
  prefixKey?: string;
}

export interface CompleteResult {
  text: string;
  usage: { promptTokens: number; cachedTokens: number; completionTokens: number };
}

/** One version of a document's text, as the brain works on it. Line numbers are 1-based: `lines[n - 1]`. */
export interface DocumentText {
  path: string;
  version: number;
  lines: readonly string[];
}
