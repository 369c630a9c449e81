import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

interface Report {
  name: string;
  machine: { node: string; load: { atStart: number; atEnd: number } };
  figures: { name: string; unit: string; value: number | null; verdict: string }[];
}

/** Runs parts at their smallest size: they check their own results and fail when a text is not what it should be. */
function bench(only: string): Report {
  const args = [join(ROOT, 'bench', 'realdoc.ts'), '--quick', '--json', '--only', only];
  const done = spawnSync(process.execPath, ['--expose-gc', ...args], { encoding: 'utf8', cwd: ROOT });
  expect(done.status, done.stderr).toBe(0);
  return JSON.parse(done.stdout) as Report;
}

describe('the benchmark of the documents', () => {
  it('measures edits, the law and traces, and says each figure beside its bar', () => {
    const { name, machine, figures } = bench('edits,law,traces');
    expect(name).toBe('realdoc');
    expect(machine.load.atEnd).toBeGreaterThanOrEqual(0);
    const wanted = [
      'durable edit through the door',
      'git add and commit',
      'ingest',
      'open to first edit',
      'the law',
      'trace',
    ];
    for (const start of wanted)
      expect(
        figures.some((f) => f.name.startsWith(start)),
        start,
      ).toBe(true);
    for (const { value, verdict } of figures) {
      expect(['meets', 'misses', 'no bar', 'UNAVAILABLE']).toContain(verdict);
      if (verdict === 'UNAVAILABLE') expect(value).toBeNull();
      else expect(value).toBeGreaterThan(0);
    }
  }, 120_000);

  it('refuses a part that it does not know', () => {
    const done = spawnSync(process.execPath, [join(ROOT, 'bench', 'realdoc.ts'), '--only', 'nothing'], {
      encoding: 'utf8',
    });
    expect(done.status).toBe(2);
    expect(done.stderr).toContain('edits');
  }, 30_000);
});
