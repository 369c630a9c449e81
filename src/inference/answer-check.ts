import Schema from 'typebox/schema';
import { fail } from '../common/index.ts';
import { CALL_FORM } from './engine/dialect.ts';
import type { GrammarParams } from './engine/messages.ts';
import { checkGbnf, choicesGrammar, type Grammar, schemaGrammar, sequence, text } from './grammar/index.ts';

/** How an answer is held to a form. */
export type GrammarRequest =
  | { kind: 'json'; schema: unknown }
  | { kind: 'choices'; choices: readonly string[] }
  | { kind: 'gbnf'; text: string }
  /** JSON behind the opening mark of a tool call, and the closing mark. Whoever asks checks the call itself. */
  | { kind: 'call'; schema: unknown };

export interface Guide {
  grammar: GrammarParams;
  /** Throws OUTPUT_INVALID when the finished answer is not what was asked for. */
  check(answer: string, finish: 'stop' | 'length'): void;
}

/** Compiles a grammar request. Throws SCHEMA_UNSUPPORTED or GRAMMAR_INVALID before the engine is asked anything. */
export function guideFor(request: GrammarRequest): Guide {
  switch (request.kind) {
    case 'json':
      return {
        grammar: tree(schemaGrammar(request.schema)),
        check: (answer, finish) => {
          requireEnd(finish);
          checkJson(answer, request.schema);
        },
      };
    case 'choices': {
      const allowed = new Set(request.choices);
      return {
        grammar: tree(fromRange(() => choicesGrammar(request.choices))),
        check: (answer, finish) => {
          // The last token may be the one that completes a choice: cut off, and complete all the same.
          if (allowed.has(answer)) return;
          requireEnd(finish);
          throw fail('OUTPUT_INVALID', { reason: 'it is none of the choices' });
        },
      };
    }
    case 'call': {
      const { root, rules } = schemaGrammar(request.schema);
      const closed = sequence(root, text(CALL_FORM.suffix));
      return { grammar: tree({ root: closed, rules }), check: (_, finish) => requireEnd(finish) };
    }
    case 'gbnf':
      checkGbnf(request.text);
      return { grammar: { gbnf: request.text }, check: (_, finish) => requireEnd(finish) };
  }
}

/** The grammar is looser than the schema (patterns, ranges, unique items): the original decides. */
export function checkJson(answer: string, schema: unknown): void {
  let value: unknown;
  try {
    value = JSON.parse(answer);
  } catch (cause) {
    throw fail('OUTPUT_INVALID', { reason: 'it is not JSON' }, cause);
  }
  const [valid, errors] = Schema.Errors(schema as object, value);
  if (valid) return;
  const first = errors[0];
  throw fail('OUTPUT_INVALID', {
    reason: first ? `${first.message} at ${first.instancePath || '/'}` : 'it does not fit the schema',
    pointer: first?.instancePath || '/',
  });
}

function tree({ root, rules }: Grammar): GrammarParams {
  return { root, rules: [...rules] };
}

function requireEnd(finish: 'stop' | 'length'): void {
  if (finish === 'length') throw fail('OUTPUT_INVALID', { reason: 'it was cut off at the token limit' });
}

function fromRange<T>(build: () => T): T {
  try {
    return build();
  } catch (cause) {
    throw cause instanceof RangeError ? fail('GRAMMAR_INVALID', { reason: cause.message }, cause) : cause;
  }
}
