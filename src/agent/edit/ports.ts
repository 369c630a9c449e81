/** What the edit brain needs from a language model. The daemon binds it to the operation `model.complete`. */
export interface ModelPort {
  complete(request: CompleteRequest, options?: { signal?: AbortSignal }): Promise<CompleteResult>;
}

export interface CompleteRequest {
  messages: readonly { role: 'system' | 'user' | 'assistant'; content: string }[];
  /**
   * What the answer may look like. `choices`: exactly one of the strings; `json`: an object with the schema's members
   * in their order. What the grammar leaves no choice about costs next to nothing, so prompts are steered by it.
   */
  grammar?: { kind: 'json'; schema: Record<string, unknown> } | { kind: 'choices'; choices: readonly string[] };
  maxTokens: number;
  /** 0 when left out: the same question gets the same answer. */
  temperature?: number;
  /** Requests with the same key share their beginning; the engine keeps it warm. */
  prefixKey?: string;
}

export interface CompleteResult {
  /** '' when the model came to no end within `maxTokens`. */
  text: string;
  usage: { promptTokens: number; cachedTokens: number; completionTokens: number };
}

/** One version of a document's text, as the brain works on it. Line numbers are 1-based: `lines[n - 1]`. */
export interface DocumentText {
  path: string;
  version: number;
  lines: readonly string[];
}
