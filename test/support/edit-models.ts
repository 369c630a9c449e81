import type { CompleteRequest, ModelPort } from '../../src/agent/edit/ports.ts';

const USAGE = { promptTokens: 1, cachedTokens: 0, completionTokens: 1 };

/** Answers through a function that sees the request; keeps what it was asked. */
export class TalkingModel implements ModelPort {
  readonly asked: CompleteRequest[] = [];
  readonly #say: (request: CompleteRequest) => string;

  constructor(say: (request: CompleteRequest) => string) {
    this.#say = say;
  }

  async complete(request: CompleteRequest) {
    this.asked.push(request);
    return { text: this.#say(request), usage: USAGE };
  }
}

/** A sensible model: picks the line that holds `line`, replaces `from` by `to`, and calls everything a change. */
export function sensible(line: string, from: string, to: string): TalkingModel {
  return new TalkingModel(({ grammar, messages }) => {
    if (grammar?.kind === 'choices') {
      if (grammar.choices.includes('change')) return 'change';
      return grammar.choices.find((c) => c.includes(line)) ?? grammar.choices[0]!;
    }
    const { properties } = grammar!.schema as { properties: Record<string, { const?: string; enum?: string[] }> };
    if (properties['replace']) {
      const span = properties['replace'].enum!.find((s) => s === from || s.endsWith(`: ${from}`))!;
      return JSON.stringify({ replace: span, by: span.replace(from, to) });
    }
    const old = properties['old']?.const ?? /Line: (.*)/.exec(messages.at(-1)!.content)?.[1] ?? '';
    const answer = old.replace(from, to);
    return JSON.stringify(properties['old'] ? { old, new: answer } : { new: answer });
  });
}
