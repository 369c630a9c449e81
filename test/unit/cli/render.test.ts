import { describe, expect, it } from 'vitest';
import { ask, type Context } from '../../../src/cli/context.ts';
import type { Schema } from '../../../src/cli/input.ts';
import { exampleLine, HelpAsked, parseLeaf } from '../../../src/cli/leaf.ts';
import { renderDocLog } from '../../../src/cli/render/doc-log.ts';
import { renderDocStatus } from '../../../src/cli/render/doc-status.ts';
import { renderWritten } from '../../../src/cli/render/doc-written.ts';
import { cut, table, width } from '../../../src/cli/render/table.ts';
import { plain, renderValue, span } from '../../../src/cli/render/value.ts';
import { Terminal } from '../../../src/cli/terminal.ts';

const terminal = new Terminal({ json: false });

describe('what people see', () => {
  it('names the states of documents, why a file is behind, and that there are more', () => {
    const one = { path: 'office/a.md', version: 3, onShare: 3, state: 'written', attempts: 0 };
    const held = { path: 'office/b.docx', version: 2, onShare: 0, state: 'held', reason: 'open by Li', attempts: 1 };
    const lines = renderDocStatus({ documents: [one, held], next: "it's/b.docx" }, terminal, 'en').split('\n');
    expect(lines).toEqual([
      'Path           Version  On the share  State    Why',
      'office/a.md    v3       v3            written',
      'office/b.docx  v2       -             held     open by Li',
      `there are more: --after 'it'\\''s/b.docx'`,
    ]);
    expect(renderDocStatus({ documents: [one] }, terminal, 'en')).not.toMatch(/more|Why/);
    expect(renderDocStatus({ documents: [one], next: 'a.md' }, terminal, 'zh')).toMatch(/还有更多文档:--after a\.md$/);
    expect(renderDocStatus({ documents: [] }, terminal, 'en')).toBe('(no documents)');
  });

  it('lines up Chinese and Latin text alike', () => {
    expect(width('名称')).toBe(4);
    expect(width('ｆａ')).toBe(4);
    expect(cut('合同通知期', 5)).toBe('合同…');
    const rows = table(
      ['Name', 'State'],
      [
        ['合同.md', 'ok'],
        ['a.md', 'ok'],
      ],
      80,
    ).split('\n');
    expect(rows.map((row) => width(row.slice(0, row.lastIndexOf(row.endsWith('ok') ? 'ok' : 'State'))))).toEqual([
      9, 9, 9,
    ]);
  });

  it('keeps a table within a narrow screen', () => {
    const text = table(['A', 'B'], [['x'.repeat(90), 'y'.repeat(90)]], 40);
    expect(Math.max(...text.split('\n').map(width))).toBeLessThanOrEqual(40);
  });

  it('shows facts, then lists, then text', () => {
    const text = renderValue(
      {
        state: 'done',
        expiresInMs: 120_000,
        isDefault: true,
        at: null,
        lines: [
          { n: 9, text: 'a' },
          { n: 10, text: 'b' },
        ],
        diff: '-a\n+b\n',
      },
      terminal,
    );
    expect(text).toBe(
      [
        'State       done',
        'Expires in  2 min',
        'Is default  yes',
        '',
        'Lines',
        '   9  a',
        '  10  b',
        '',
        'Diff',
        '-a',
        '+b',
      ].join('\n'),
    );
  });

  it('never lets text drive the terminal', () => {
    const evil = '\u001b[2J\u001b]0;x\u0007 \u202ereversed \u009b31m\r';
    for (const shown of [
      plain(evil),
      renderValue({ note: evil, diff: `+${evil}\n`, rows: [{ a: evil }], long: `${evil}\n${evil}` }, terminal),
    ]) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there.
      expect(shown).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    }
  });

  it('says spans as people do', () => {
    expect([900, 59_000, 600_000, 7_200_000, 864_000_000].map(span)).toEqual([
      '1 s',
      '59 s',
      '10 min',
      '2 h',
      '10 days',
    ]);
  });
});

describe('words to input', () => {
  const input: Schema = {
    type: 'object',
    properties: {
      path: { type: 'string' },
      baseVersion: { type: 'integer' },
      tags: { type: 'array', items: { type: 'string' } },
      verbs: { type: 'array', items: { type: 'object' } },
      wait: { type: 'boolean' },
      zone: { anyOf: [{ const: 'box' }, { const: 'site' }] },
      note: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    },
    required: ['path'],
  };
  const contract = {
    id: 'doc.setThing',
    summary: { en: 'Set', zh: '设' },
    effect: 'write' as const,
    risk: 'low',
    input,
    positional: ['path'],
    examples: [
      { note: 'one', input: { path: 'a b', baseVersion: 3, tags: ['x', 'y'], wait: false, verbs: [{ set: '1' }] } },
    ],
  };
  const parse = (...argv: string[]) => parseLeaf(contract, argv, 'en').input;

  it('follow the schema', () => {
    expect(
      parse(
        'docs/a.md',
        '--base-version',
        '4',
        '--tags',
        'x',
        'y',
        '--wait',
        '--zone',
        'box',
        '--verbs',
        '[{"set":"1"}]',
      ),
    ).toEqual({
      path: 'docs/a.md',
      baseVersion: 4,
      tags: ['x', 'y'],
      wait: true,
      zone: 'box',
      verbs: [{ set: '1' }],
    });
  });

  it('leave out what was not said', () => {
    expect(parse('a')).toEqual({ path: 'a' });
    expect(parse('a', '--no-wait')).toEqual({ path: 'a', wait: false });
  });

  it('take the whole input as JSON, over which flags win', () => {
    expect(parse('--input', '{"path":"a","baseVersion":1}', '--base-version', '2')).toEqual({
      path: 'a',
      baseVersion: 2,
    });
  });

  it('read a file for @ and keep @@', () => {
    expect(parse('a', '--note', '@@home')).toEqual({ path: 'a', note: '@home' });
    expect(String((parse('a', '--note', `@${import.meta.filename}`) as { note: string }).note)).toContain('keep @@');
  });

  it.each([
    [['a', '--base-version', 'x'], /"x" is no number/],
    [['a', '--verbs', '[oops'], /not valid JSON/],
    [['a', '--note', '@/no/such/file'], /ENOENT/],
    [['a', '--nope'], /unknown option/],
    [['a', 'b'], /too many arguments/],
    [['a', '--timeout', 'soon'], /is no time/],
  ])('say what is wrong with %j', (argv, reason) => {
    expect(() => parse(...argv)).toThrow(reason);
  });

  it('make the examples of the contract into commands that mean the same', () => {
    const line = exampleLine(contract, contract.examples[0]!.input);
    expect(line).toBe(`jingu doc set-thing 'a b' --base-version 3 --tags x y --no-wait --verbs '[{"set":"1"}]'`);
    expect(parse('a b', '--base-version', '3', '--tags', 'x', 'y', '--no-wait', '--verbs', '[{"set":"1"}]')).toEqual(
      contract.examples[0]!.input,
    );
  });

  it('show help with every member and the examples', () => {
    try {
      parse('--help');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(HelpAsked);
      expect((error as Error).message).toMatch(/--base-version <number>[\s\S]*--call-wait[\s\S]*Examples:/);
    }
  });
});

describe('the versions that a task wrote', () => {
  const by = { kind: 'device', personId: 'person_a', agent: 'assistant', taskId: 'task_a' };
  const one = { at: 0, by, source: 'edit', added: 1, removed: 0, undone: false, tags: [] };
  const versions = [
    { ...one, path: 'office/b.md', version: 3 },
    { ...one, path: 'office/a.md', version: 12 },
  ];
  it('say which document they are of, and give no hint that nothing follows', () => {
    const lines = renderDocLog({ versions, more: true }, terminal, 'en', new Map(), true).split('\n');
    expect(lines.map((line) => line.slice(0, 16))).toEqual([
      'office/b.md  v3 ',
      'office/a.md  v12',
      'there are older ',
    ]);
    expect(lines.at(-1)).not.toContain('--before');
    const alone = renderDocLog({ versions: versions.slice(1), more: true }, terminal, 'en', new Map()).split('\n');
    expect(alone[0]).toMatch(/^v12 /);
    expect(alone[1]).toBe('older ones: --before 12');
  });
});

describe('what a person copies or believes', () => {
  it('is a command that the shell reads as it was meant', () => {
    const one = { path: 'office/a b.md', version: 2, added: 1, removed: 0, changed: [] };
    const undo = { operation: 'doc.undo', input: { path: "office/it's $(x).md", version: 2 } };
    const result = { output: one, callId: 'c', undo } as unknown as Parameters<typeof renderWritten>[0];
    expect(renderWritten(result, terminal, 'en')).toContain(
      `Take it back: jingu doc undo --path 'office/it'\\''s $(x).md' --version 2`,
    );
  });

  it('is text whose hidden characters are seen', () => {
    expect(plain('a\u200bb\u200e\ufeff\u202e\u001b\t\n')).toBe('a\\u{200b}b\\u{200e}\\u{feff}\\u{202e}\\u{1b}\t\n');
  });

  it('is asked for with what was said about waiting', async () => {
    const calls: object[] = [];
    const invoke = async (call: object) => {
      calls.push(call);
      return { output: 1 };
    };
    const box = { invoke };
    const globals = { json: false, yes: false, dryRun: false, wait: true, timeoutMs: 5000 };
    await ask({ box, globals, signal: new AbortController().signal } as unknown as Context, 'doc.log', { path: 'a' });
    expect(calls).toEqual([{ operation: 'doc.log', input: { path: 'a' }, wait: true, timeoutMs: 5000 }]);
  });
});
