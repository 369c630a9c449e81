import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { allowedSkips } from '../../allowed-skips.ts';
import type { Need } from '../../support/needs.ts';
import { judgeSkips, skippedIn } from '../../support/skips.ts';

const ROOT = join(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'jingu-skips-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lacksGit = async (need: Need) => (need === 'git' ? 'the command git is not installed' : undefined);
const list = [
  { file: 'test/a.test.ts', tests: ['a bundle'], need: 'git', reason: 'git reads it' },
  { file: 'test/b.test.ts', need: 'openssl', reason: 'a second opinion' },
] as const;

describe('a skipped test', () => {
  it('is allowed where the list names it and the machine lacks what it needs, and is told with the reason', async () => {
    const skipped = [{ file: 'test/a.test.ts', name: 'a bundle goes out' }];
    expect(await judgeSkips(skipped, list, lacksGit)).toEqual({
      lines: ['skipped: test/a.test.ts: a bundle goes out: the command git is not installed'],
      refused: 0,
    });
  });

  it('is refused where the list does not name it, or its file only', async () => {
    const skipped = [
      { file: 'test/c.test.ts', name: 'a bundle goes out' },
      { file: 'test/a.test.ts', name: 'another thing' },
    ];
    const { lines, refused } = await judgeSkips(skipped, list, lacksGit);
    expect(refused).toBe(2);
    for (const line of lines) expect(line).toMatch(/^SKIPPED BUT NOT ALLOWED: .*: not in test\/allowed-skips\.ts$/);
  });

  it('is refused where the machine has what it needs', async () => {
    const { lines, refused } = await judgeSkips([{ file: 'test/b.test.ts', name: 'any' }], list, lacksGit);
    expect([lines, refused]).toEqual([
      ['SKIPPED BUT NOT ALLOWED: test/b.test.ts: any: this machine has what it needs (openssl)'],
      1,
    ]);
  });

  it('is whatever neither passed nor failed: one that is still to be written, too', () => {
    const assertionResults = ['passed', 'failed', 'skipped', 'pending', 'todo'].map((status) => ({
      fullName: `it ${status}`,
      status,
    }));
    const report = { testResults: [{ name: '/root/test/a.test.ts', assertionResults }] };
    expect(skippedIn(report, '/root')).toEqual(
      ['it skipped', 'it pending', 'it todo'].map((name) => ({ file: 'test/a.test.ts', name })),
    );
  });
});

describe('the run', () => {
  const judge = (skips: string[], env: Record<string, string>) => {
    const report = join(folder, 'report.json');
    const assertionResults = [
      { fullName: 'it works', status: 'passed' },
      ...skips.map((fullName) => ({ fullName, status: 'skipped' })),
    ];
    writeFileSync(report, JSON.stringify({ testResults: [{ name: join(ROOT, 'test/x.test.ts'), assertionResults }] }));
    const { PATH = '' } = process.env;
    const done = spawnSync(process.execPath, [join(ROOT, 'test/support/skips-main.ts'), report], {
      encoding: 'utf8',
      env: { PATH, ...env },
    });
    return [done.status, done.stdout] as const;
  };

  it('fails in CI for a skip that is not listed, and says which', () => {
    const [status, said] = judge(['it is left out'], { CI: 'true' });
    expect(status).toBe(1);
    expect(said).toContain('SKIPPED BUT NOT ALLOWED: test/x.test.ts: it is left out: not in test/allowed-skips.ts');
    expect(said).toContain('1 skipped without leave');
  });

  it('says the same elsewhere and goes on', () => {
    for (const env of [{}, { CI: '' }, { CI: 'false' }]) {
      const [status, said] = judge(['it is left out'], env);
      expect([status, said.trim()]).toEqual([
        0,
        'SKIPPED BUT NOT ALLOWED: test/x.test.ts: it is left out: not in test/allowed-skips.ts',
      ]);
    }
  });

  it('has nothing to say where nothing was skipped', () => {
    expect(judge([], { CI: 'true' })).toEqual([0, '']);
  });
});

describe('the list', () => {
  it('names tests that are there', () => {
    for (const { file, tests = [] } of allowedSkips) {
      expect(existsSync(join(ROOT, file)), file).toBe(true);
      const text = readFileSync(join(ROOT, file), 'utf8');
      for (const test of tests) {
        const words = test.split(' ');
        // A full name is that of the group and that of the test: the text says one behind the other.
        const isThere = words.some((_, i) => {
          const [group, own] = [words.slice(0, i).join(' '), words.slice(i).join(' ')];
          return text.includes(`'${own}`) && (group === '' || text.includes(`'${group}'`));
        });
        expect(isThere, `${file}: ${test}`).toBe(true);
      }
    }
  });
});
