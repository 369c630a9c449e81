import { describe, expect, it } from 'vitest';
import type { Ask } from '../../../../src/realdoc/formats/ask.ts';
import { checkCode, landInCode, outlineOfCode } from '../../../../src/realdoc/formats/code/edit.ts';
import { docOf, editedLater, patched, refusalOf } from './land.ts';

const BOX = `import { a } from 'a';

/** A box. */
@component
export class Box<T> {
  size = 1;

  /** Starts it. */
  @logged()
  start(): void {
    // inner ü
    const f = () => 1;
  }

  stop(): void {} // at once

  // Why: asked for
  static of(): Box<string> {
    return new Box();
  }
}

export const run = async () => {};
`;
const PY = `#!/usr/bin/env python
# The limit.
LIMIT = 1


class A:
    """Doc."""

    @property
    def größe(self):
        return 1
    def b(self): return 2


def main():
    def inner(): pass
`;
const code = (path: string, text: string, act: Ask['act'], address: string, ...lines: string[]): Promise<string> =>
  editedLater((doc, ask) => landInCode({ ...doc, path }, ask), text, act, address, ...lines);

const outline = async (path: string, text: string): Promise<unknown[]> =>
  (await outlineOfCode(docOf(text, path))).map((e) => [e.line, e.to, e.address]);

describe('source code by symbol', () => {
  it('finds symbols with what they stand in', async () => {
    expect(await outline('w/a.ts', BOX)).toEqual([
      [5, 21, '@Box'],
      [6, 6, '@Box.size'],
      [10, 13, '@Box.start'],
      [15, 15, '@Box.stop'],
      [18, 20, '@Box.of'],
      [23, 23, '@run'],
    ]);
    expect(await outline('w/a.py', PY)).toEqual([
      [3, 3, '@LIMIT'],
      [6, 12, '@A'],
      [10, 11, '@A.größe'],
      [12, 12, '@A.b'],
      [15, 16, '@main'],
    ]);
  });

  it.each([
    ['w/a.go', 'package a\n\n// Start it\nfunc (b *Box) Start() {}\n', '@Box.Start', 3],
    ['w/a.rs', 'struct Box;\n\nimpl Box {\n    /// s\n    #[inline]\n    fn start(&self) {}\n}\n', '@Box.start', 4],
    ['w/A.java', 'class A {\n  /** r */\n  @Override\n  void run() {}\n}\n', '@A.run', 2],
    ['w/a.cpp', 'namespace n {\nint x;\n// s\nvoid Box::stop(int a) {}\n}\n', '@n.Box.stop', 3],
    ['w/a.cs', 'namespace N {\n  class A {\n    /// <x/>\n    void M() {}\n  }\n}\n', '@N.A.M', 3],
    ['w/a.php', '<?php\nclass A {\n  /** m */\n  function m() {}\n}\n', '@A.m', 3],
    ['w/a.rb', 'module M\n  # s\n  def self.s\n  end\nend\n', '@M.s', 2],
    ['w/a.sh', '#!/bin/sh\nx=1\n# f\nf() { echo; }\n', '@f', 3],
    ['w/a.css', 'a {}\n/* b */\n.b:hover { color: red }\n', '@.b:hover', 2],
  ])('%s: a symbol begins with its comment', async (path, text, address, line) => {
    const landing = await landInCode(docOf(text, path), { verb: 1, act: 'show', address });
    expect(landing.address).toBe(address);
    expect(text.slice(0, landing.region.from).split('\n').length).toBe(line);
  });

  it('sets a symbol, with its comment only if the new text has one', async () => {
    expect(await code('w/a.ts', BOX, 'set', '@Box.start', 'start(): void {', '  go();', '}')).toBe(
      BOX.replace('    // inner ü\n    const f = () => 1;\n', '    go();\n'),
    );
    expect(await code('w/a.ts', BOX, 'set', '@Box.of', '  // New', '  static of() {}')).toBe(
      BOX.replace(/ {2}\/\/ Why[\s\S]*?\n {2}\}\n/, '  // New\n  static of() {}\n'),
    );
    expect(await code('w/a.py', PY, 'set', '@A.b', 'def b(self):', '    return 3')).toBe(
      PY.replace('    def b(self): return 2', '    def b(self):\n        return 3'),
    );
  });

  it('puts beside symbols and takes them out, and no comment is lost', async () => {
    expect(await code('w/a.ts', BOX, 'after', '@Box.stop', 'pause(): void {}')).toBe(
      BOX.replace('// at once\n', '// at once\n\n  pause(): void {}\n'),
    );
    expect(await code('w/a.ts', BOX, 'before', '@Box.of', 'pause(): void {}')).toBe(
      BOX.replace('  // Why', '  pause(): void {}\n\n  // Why'),
    );
    expect(await code('w/a.ts', BOX, 'cut', '@Box.start')).toBe(
      BOX.replace(/ {2}\/\*\* Starts[\s\S]*?\n {2}\}\n\n/, ''),
    );
    expect(await code('w/a.py', PY, 'cut', '@LIMIT')).toBe(PY.replace('# The limit.\nLIMIT = 1\n', ''));
  });

  it('refuses what is not there, or there twice', async () => {
    expect((await refusalOf(() => code('w/a.ts', BOX, 'cut', '@Box.strat'))).details['near']).toContain('@Box.start');
    const several = 'const a = 1,\n  b = 2;\n';
    expect(await code('w/a.js', several, 'set', '@b', 'b = 3')).toBe(several.replace('2', '3'));
    expect(await refusalOf(() => code('w/a.js', several, 'cut', '@a'))).toMatchObject({ code: 'DOC_VERB_INVALID' });
    const two = 'class A { m() {} }\nclass B { m() {} }\n';
    expect(await refusalOf(() => code('w/a.ts', two, 'cut', '@m'))).toMatchObject({
      code: 'DOC_AMBIGUOUS',
      details: {
        places: [
          { line: 1, address: '@A.m' },
          { line: 2, address: '@B.m' },
        ],
      },
    });
    const landing = await landInCode(docOf(two, 'w/a.ts'), { verb: 1, act: 'cut', address: '@B.m' });
    expect(patched(two, landing)).toBe('class A { m() {} }\nclass B {  }\n');
  });

  it('says where a source stops fitting its language', async () => {
    expect(await checkCode(docOf(BOX, 'w/a.ts'))).toBeUndefined();
    expect(await checkCode(docOf(BOX.replace('void {\n', 'void \n'), 'w/a.ts'))).toBeDefined();
    expect(await checkCode(docOf('def a(:\n  pass\n', 'w/a.py'))).toMatchObject({ line: 1 });
  });

  it('ends soon on sources that nest without end', async () => {
    const deep = `x = ${'['.repeat(100_000)}`;
    const { code: got } = await refusalOf(() => code('w/a.py', deep, 'cut', '@y'));
    expect(['DOC_ADDRESS_UNKNOWN', 'DOC_PARSE_REFUSED']).toContain(got);
  });
});
