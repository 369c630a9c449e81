import { mkdirSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveBox } from '../support/live-box.ts';

let box: LiveBox;
let base: string;
let root: string;

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'jingu-live-'));
  root = join(base, 'share');
  mkdirSync(join(root, 'sub'), { recursive: true });
  for (let i = 0; i < 70; i++) writeFileSync(join(root, i % 2 ? 'sub' : '.', `d${i}.md`), `document ${i}\nline two\n`);
  box = await LiveBox.start();
}, 60_000);
afterAll(async () => {
  await box?.dispose();
  rmSync(base, { recursive: true, force: true });
});

/** Resolves once the file says `text`; the file system tells when to look. */
function says(path: string, text: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(join(path, '..'), () => look());
    const look = (): void => {
      let now: string;
      try {
        now = readFileSync(path, 'utf8');
      } catch {
        return;
      }
      if (now !== text) return;
      watcher.close();
      resolve();
    };
    look();
  });
}

describe('documents behind the real door', () => {
  it('a folder of seventy files is taken in by the box itself, in batches that policy lets through', async () => {
    await box.run('workspace.add', { name: 'office', root });
    const { documents, complete } = await box.run<{ documents: unknown[]; complete: boolean }>('doc.list', {
      workspace: 'office',
    });
    expect([documents.length, complete]).toEqual([70, true]);
  });

  it('an edit reaches the share, a save becomes a version of nobody, and all of it is on record', async () => {
    await box.run('doc.edit', { path: 'office/d0.md', base: 1, verbs: [{ set: '2', text: ['edited'] }] });
    await says(join(root, 'd0.md'), 'document 0\nedited\n');
    await box.run('doc.status', { path: 'office/d0.md', waitMs: 10_000 });
    writeFileSync(join(root, 'd0.md'), 'document zero\nedited\n');
    const { version } = await box.run<{ version: number }>('doc.edit', {
      path: 'office/d0.md',
      base: 2,
      verbs: [{ put: '>2', text: ['after'] }],
    });
    expect(version).toBe(4);
    await says(join(root, 'd0.md'), 'document zero\nedited\nafter\n');
    const { versions } = await box.run<{ versions: { source: string; by: { kind: string } }[] }>('doc.log', {
      path: 'office/d0.md',
    });
    expect(versions.map((v) => [v.source, v.by.kind])).toEqual([
      ['edit', 'console'],
      ['import', 'internal'],
      ['edit', 'console'],
      ['import', 'internal'],
    ]);
  });

  it('history is whole after a kill and a new start', async () => {
    await box.kill();
    await box.start();
    const found = await box.run<{ ok: boolean; documents: number; problems: unknown[] }>('doc.verify', {
      path: 'office',
      full: true,
    });
    expect([found.ok, found.documents, found.problems]).toEqual([true, 70, []]);
    const { unified } = await box.run<{ unified: string }>('doc.diff', { path: 'office/d0.md', from: 'v1' });
    expect(unified).toContain('+document zero');
  });
});
