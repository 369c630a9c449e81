import { CALL_FORM } from './engine/dialect.ts';
import type { ToolShape } from './engine/messages.ts';

export interface ToolCall {
  name: string;
  arguments: Record<string, unknown>;
}

/** The schema whose grammar lets the model write one call of one of these tools and nothing else. */
export function callSchema(tools: readonly ToolShape[]): Record<string, unknown> {
  return {
    anyOf: tools.map((tool, i) => ({
      type: 'object',
      properties: { name: { const: tool.name }, arguments: { $ref: `#/$defs/tool${i}` } },
      required: ['name', 'arguments'],
    })),
    $defs: Object.fromEntries(tools.map((tool, i) => [`tool${i}`, moved(parametersOf(tool), `#/$defs/tool${i}`)])),
  };
}

export function parametersOf(tool: ToolShape): unknown {
  return tool.parameters ?? { type: 'object', properties: {} };
}

/** A schema under a new root: its own references keep pointing into itself. */
function moved(schema: unknown, root: string): unknown {
  if (Array.isArray(schema)) return schema.map((item) => moved(item, root));
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      key === '$ref' && typeof value === 'string' && value.startsWith('#') ? root + value.slice(1) : moved(value, root),
    ]),
  );
}

/**
 * Splits an answer, as it grows, into text for people and calls for the client. Raw call text is never given out; what
 * looks like a call and is none comes out as text in the end.
 */
export class ToolCallSplitter {
  readonly calls: ToolCall[] = [];
  readonly #names: ReadonlySet<string>;
  #held = '';
  #started = false;

  constructor(tools: readonly ToolShape[]) {
    this.#names = new Set(tools.map((tool) => tool.name));
  }

  /** The text that is certainly not a call. */
  push(text: string): string {
    this.#held += text;
    return this.#drain(false);
  }

  /** The rest, at the end of the answer. */
  end(): string {
    return this.#drain(true);
  }

  #drain(ended: boolean): string {
    let out = '';
    for (;;) {
      const at = this.#held.indexOf(PREFIX);
      if (at < 0) break;
      const close = this.#held.indexOf(SUFFIX, at);
      if (close < 0 && !ended) {
        out += this.#take(at);
        return out;
      }
      const inside = this.#held.slice(at + PREFIX.length, close < 0 ? undefined : close);
      const call = this.#read(inside);
      const end = close < 0 ? this.#held.length : close + SUFFIX.length;
      if (call) {
        out += this.#take(at).trimEnd();
        this.calls.push(call);
        this.#held = this.#held.slice(end - at).trimStart();
      } else out += this.#take(end);
    }
    if (ended) {
      // Models that were not trained on the marks answer with a bare or fenced object.
      const bare = this.#started ? undefined : this.#read(unfenced(this.#held));
      if (bare) {
        this.calls.push(bare);
        this.#held = '';
      }
      return out + this.#take(this.#held.length);
    }
    const first = this.#held.trimStart();
    if (!this.#started && (first === '' || first.startsWith('{') || first.startsWith('```'.slice(0, first.length))))
      return out;
    return out + this.#take(this.#held.length - partOfPrefix(this.#held));
  }

  #take(length: number): string {
    const out = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    if (out.trim() !== '') this.#started = true;
    return out;
  }

  #read(text: string): ToolCall | undefined {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return undefined;
    }
    const { name, arguments: args = {} } = (value ?? {}) as { name?: unknown; arguments?: unknown };
    if (typeof name !== 'string' || !this.#names.has(name)) return undefined;
    if (typeof args !== 'object' || args === null || Array.isArray(args)) return undefined;
    return { name, arguments: args as Record<string, unknown> };
  }
}

const PREFIX = CALL_FORM.prefix.trim();
const SUFFIX = CALL_FORM.suffix.trim();

function unfenced(text: string): string {
  return /^\s*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/.exec(text)?.[1] ?? text;
}

/** Length of the end of `text` that may be the beginning of a call. */
function partOfPrefix(text: string): number {
  for (let length = Math.min(text.length, PREFIX.length - 1); length > 0; length--) {
    if (PREFIX.startsWith(text.slice(-length))) return length;
  }
  return 0;
}
