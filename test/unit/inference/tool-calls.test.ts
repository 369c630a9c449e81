import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Automaton, schemaGrammar } from '../../../src/inference/grammar/index.ts';
import { callSchema, ToolCallSplitter } from '../../../src/inference/tool-calls.ts';

const tools = [
  { name: 'read' },
  { name: 'edit', parameters: { type: 'object', properties: { n: { type: 'integer' } } } },
];
const call = (name: string, args: unknown) => `<tool_call>\n${JSON.stringify({ name, arguments: args })}\n</tool_call>`;

/** Feeds `text` in pieces cut anywhere. */
function split(text: string, cuts: readonly number[]) {
  const splitter = new ToolCallSplitter(tools);
  let shown = '';
  let at = 0;
  for (const cut of [...cuts.map((c) => c % (text.length + 1)).sort((a, b) => a - b), text.length]) {
    shown += splitter.push(text.slice(at, cut));
    at = cut;
  }
  shown += splitter.end();
  return { shown, calls: splitter.calls };
}

const cuts = fc.array(fc.nat(500), { maxLength: 30 });

describe('calls in an answer', () => {
  it('are taken out wherever the stream is cut, and their text is never shown', () => {
    fc.assert(
      fc.property(cuts, fc.string({ maxLength: 20 }), (where, words) => {
        fc.pre(!/[<{`]/.test(words));
        const { shown, calls } = split(
          `${words}${call('read', { path: '<tool_call>' })}\n${call('edit', { n: 1 })}`,
          where,
        );
        expect(calls).toEqual([
          { name: 'read', arguments: { path: '<tool_call>' } },
          { name: 'edit', arguments: { n: 1 } },
        ]);
        expect(shown.trim()).toBe(words.trim());
      }),
    );
  });

  it('are text when they name no tool or are no JSON', () => {
    fc.assert(
      fc.property(cuts, (where) => {
        for (const text of [call('rm', {}), '<tool_call>\n{"name": read}\n</tool_call>', 'a < b <tool_', '{"a": 1}']) {
          const { shown, calls } = split(text, where);
          expect(calls).toEqual([]);
          expect(shown).toBe(text);
        }
      }),
    );
  });

  it('are found bare and in a fence too, as models write them that do not know the marks', () => {
    const bare = '{"name": "edit", "arguments": {"n": 2}}';
    for (const text of [bare, `\`\`\`json\n${bare}\n\`\`\``, ` ${bare}\n`]) {
      const { shown, calls } = split(text, [3, 9]);
      expect(calls).toEqual([{ name: 'edit', arguments: { n: 2 } }]);
      expect(shown).toBe('');
    }
  });

  it('shows plain text at once', () => {
    const splitter = new ToolCallSplitter(tools);
    expect(splitter.push('Hello, ')).toBe('Hello, ');
    expect(splitter.push('a < b')).toBe('a < b');
  });

  it('can be forced by a grammar in which each tool keeps its own references', () => {
    const grammar = schemaGrammar(
      callSchema([
        {
          name: 'a',
          parameters: {
            type: 'object',
            properties: { x: { $ref: '#/$defs/t' } },
            required: ['x'],
            $defs: { t: { const: 1 } },
          },
        },
        {
          name: 'b',
          parameters: {
            type: 'object',
            properties: { x: { $ref: '#/$defs/t' } },
            required: ['x'],
            $defs: { t: { const: 2 } },
          },
        },
        { name: 'c' },
      ]),
    );
    const accepts = (text: string) => {
      const automaton = new Automaton(grammar);
      return automaton.read(text) && automaton.ends;
    };
    expect(accepts('{"name": "a", "arguments": {"x": 1}}')).toBe(true);
    expect(accepts('{"name": "b", "arguments": {"x": 2}}')).toBe(true);
    expect(accepts('{"name": "b", "arguments": {"x": 1}}')).toBe(false);
    expect(accepts('{"name": "d", "arguments": {}}')).toBe(false);
  });
});
