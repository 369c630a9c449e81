import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitBundle } from '../../src/realdoc/git/bundle.ts';
import { commitBytes, idOf, treeBytes } from '../../src/realdoc/git/objects.ts';
import { type PackObject, packBytes } from '../../src/realdoc/git/pack-writer.ts';
import { pastOf } from '../../src/realdoc/git/past.ts';
import { openBundle } from '../../src/realdoc/git/read-bundle.ts';
import { documentBlobOperations } from '../../src/realdoc/index.ts';
import { DocBox } from '../support/doc-box.ts';
import { lacks } from '../support/needs.ts';
import { turnsDuring } from '../support/turns.ts';

const LIMITS = { objects: 10_000, objectBytes: 1_000_000, totalBytes: 1e9, textBytes: 1e9 };

let box: DocBox;
let folder: string;
const blobs = new Map<string, Buffer>();

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jingu-git-'));
  box = await DocBox.open();
  blobs.clear();
  box.door.register(
    documentBlobOperations(box.room, {
      async put(chunks) {
        const parts: Uint8Array[] = [];
        for await (const chunk of chunks) parts.push(Buffer.from(chunk));
        const bytes = Buffer.concat(parts);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        blobs.set(sha256, bytes);
        return { sha256, bytes: bytes.length };
      },
      async bytes(sha256) {
        return blobs.get(sha256)!;
      },
    }),
  );
  await box.addWorkspace();
});

afterEach(async () => {
  await box.destroy();
  rmSync(folder, { recursive: true, force: true });
});

function git(at: string, ...args: string[]): Buffer {
  return execFileSync('git', ['-c', 'protocol.file.allow=always', ...args], {
    cwd: at,
    env: { PATH: process.env['PATH'], HOME: folder, GIT_CONFIG_NOSYSTEM: '1', LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
}

async function exported(path: string): Promise<{ file: string; versions: number; sha256: string }> {
  const done = await box.call<{ sha256: string; versions: number }>('doc.export', { path, form: 'git' });
  const file = join(folder, `${done.sha256}.bundle`);
  writeFileSync(file, blobs.get(done.sha256)!);
  return { ...done, file };
}

function cloned(file: string): string {
  const into = join(folder, 'clone');
  rmSync(into, { recursive: true, force: true });
  git(folder, 'clone', '-q', file, into);
  git(into, 'fsck', '--strict', '--full');
  return into;
}

/** Bytes with everything in them that a text may hold. */
function odd(i: number): Buffer {
  const lines = Array.from({ length: 60 }, (_, n) => `line ${n} ${n === i % 60 ? `changed ${i}` : ''}\r`);
  return Buffer.concat([
    Buffer.from([0xef, 0xbb, 0xbf]),
    Buffer.from(lines.join('\n')),
    Buffer.from([0xff, 0xfe, 10, 13]),
  ]);
}

describe.skipIf(await lacks('git'))('a history as a git bundle', () => {
  it('has every version byte for byte, more than one chain of deltas long, with its tags and words', async () => {
    await box.write('a.txt', odd(0));
    await box.call('doc.import', { path: 'office/a.txt' });
    const texts = [odd(0)];
    for (let i = 1; i < 56; i++) {
      await box.write('a.txt', odd(i));
      await box.call('doc.import', { path: 'office/a.txt' });
      texts.push(odd(i));
    }
    await box.call('doc.tag', { path: 'office/a.txt', version: 7, name: '第 7 版..x' });
    await box.call('doc.rollback', { path: 'office/a.txt', to: 'v5', note: 'as it was\nbefore' });
    texts.push(odd(4));
    const { file, versions } = await exported('office/a.txt');
    expect(versions).toBe(57);
    const clone = cloned(file);
    const commits = git(clone, 'log', '--reverse', '--format=%H').toString().trim().split('\n');
    expect(commits).toHaveLength(57);
    for (const [i, commit] of commits.entries()) {
      expect(git(clone, 'show', `${commit}:a.txt`).equals(texts[i]!), `version ${i + 1}`).toBe(true);
    }
    expect(git(clone, 'log', '-1', '--format=%s').toString()).toBe('as it was before\n');
    const [tag] = git(clone, 'tag').toString().trim().split('\n');
    expect(git(clone, 'show', `${tag}:a.txt`).equals(texts[6]!)).toBe(true);
    // Small against small: what is stored are differences.
    expect(blobs.get((await exported('office/a.txt')).sha256)!.length).toBeLessThan(60_000);
  });

  it('tells of a folder: one commit a call, renames, deletions and what came back', async () => {
    await box.call('doc.create', { path: 'office/notes/a.md', text: 'a1\n' });
    await box.call('doc.create', { path: 'office/notes/sub/b.md', text: 'b1\n' });
    await box.call('doc.create', { path: 'office/other.md', text: 'o\n' });
    await box.room.settled();
    await rename(join(box.root, 'notes/a.md'), join(box.root, 'notes/renamed.md'));
    await box.room.scan(box.room.workspace('office'));
    await rm(join(box.root, 'notes/sub/b.md'));
    await box.room.scan(box.room.workspace('office'));
    await box.call('doc.undo', { path: 'office/notes/sub/b.md' });
    const clone = cloned((await exported('office')).file);
    const seen = git(clone, 'log', '--reverse', '--name-status', '--format=').toString().trim().split(/\n+/);
    expect(seen).toEqual([
      'A\tnotes/a.md',
      'A\tnotes/sub/b.md',
      'A\tother.md',
      'R100\tnotes/a.md\tnotes/renamed.md',
      'D\tnotes/sub/b.md',
      'A\tnotes/sub/b.md',
    ]);
    const inner = cloned((await exported('office/notes')).file);
    expect(git(inner, 'ls-files').toString().trim().split('\n')).toEqual(['renamed.md', 'sub/b.md']);
  });

  it('a text that was kept in git becomes a document with all its versions, and goes out again the same', async () => {
    const repo = join(folder, 'repo');
    git(folder, 'init', '-q', '-b', 'main', repo);
    const who = ['-c', 'user.name=A <B>', '-c', 'user.email=a@example.invalid'];
    const texts: Buffer[] = [];
    for (let i = 0; i < 70; i++) {
      // Large enough that git makes deltas of its own when it packs.
      texts.push(
        Buffer.from(Array.from({ length: 400 }, (_, n) => `${n} ${n % 70 === i ? `new ${i}` : 'as ever'}`).join('\n')),
      );
      writeFileSync(join(repo, 'law.md'), texts[i]!);
      git(repo, 'add', '.');
      git(repo, ...who, 'commit', '-q', '-m', `change ${i}`);
    }
    git(repo, 'repack', '-q', '-adf', '--depth=50');
    git(repo, 'bundle', 'create', '-q', join(folder, 'all.bundle'), '--all');
    const bundle = execFileSync('cat', [join(folder, 'all.bundle')], { maxBuffer: 64 * 1024 * 1024 });
    const sha256 = createHash('sha256').update(bundle).digest('hex');
    blobs.set(sha256, bundle);
    const made = await box.call<{ version: number }>('doc.clone', { path: 'office/law.md', sha256, file: 'law.md' });
    expect(made.version).toBe(70);
    for (const v of [1, 2, 35, 69, 70]) {
      const { sha256: id } = await box.call<{ sha256: string }>('doc.export', {
        path: 'office/law.md',
        form: 'file',
        at: `v${v}`,
      });
      expect(blobs.get(id)!.equals(texts[v - 1]!), `version ${v}`).toBe(true);
    }
    const { versions } = await box.call<{ versions: { note?: string; version: number }[] }>('doc.log', {
      path: 'office/law.md',
      max: 100,
    });
    expect(versions.map((v) => v.note)).toEqual(Array.from({ length: 70 }, (_, i) => `change ${69 - i}`));
    expect(await box.call('doc.verify', { path: 'office/law.md', full: true })).toMatchObject({ ok: true });
    const clone = cloned((await exported('office/law.md')).file);
    expect(git(clone, 'show', 'HEAD~35:law.md').equals(texts[34]!)).toBe(true);
    expect(git(clone, 'log', '-1', '--format=%an|%ae|%s').toString()).toBe('A B|a@example.invalid|change 69\n');
    const unknown = box.call('doc.clone', { path: 'office/x.md', sha256, file: 'no.md' });
    await expect(unknown).rejects.toMatchObject({ code: 'DOC_BUNDLE_INVALID', details: { files: ['law.md'] } });
    expect(await box.call('doc.undo', { path: 'office/law.md' })).toMatchObject({ versions: [{ version: 71 }] });
  });
});

describe('a history of thousands of versions', () => {
  it('goes in and out while others have their turn', async () => {
    const objects: PackObject[] = [];
    let parent: string | undefined;
    for (let n = 1; n <= 1500; n++) {
      const blob = Buffer.from(`one\ntwo ${n}\nthree\n`);
      const tree = treeBytes([{ name: 'a.md', id: idOf('blob', blob), isFolder: false }]);
      const author = { name: 'A', email: 'a@example.invalid', at: n * 1000 };
      const commit = commitBytes({ tree: idOf('tree', tree), parent, author, message: `change ${n}` });
      parent = idOf('commit', commit);
      objects.push(
        { id: idOf('blob', blob), kind: 'blob', bytes: blob },
        { id: idOf('tree', tree), kind: 'tree', bytes: tree },
        { id: parent, kind: 'commit', bytes: commit },
      );
    }
    const parts: Buffer[] = [Buffer.from(`# v2 git bundle\n${parent} HEAD\n\n`)];
    for await (const bytes of packBytes(objects.length, Readable.from(objects))) parts.push(bytes);
    blobs.set('a'.repeat(64), Buffer.concat(parts));
    const input = { path: 'office/a.md', sha256: 'a'.repeat(64), file: 'a.md' };
    expect(await box.call('doc.clone', input)).toMatchObject({ version: 1500 });
    const { documents, contents } = box.room;
    const files = [await box.room.locate('office/a.md')];
    const { signal } = new AbortController();
    const work = gitBundle({ db: box.store, documents, contents, files, below: '', tags: [], signal });
    expect(await turnsDuring(work)).toBeGreaterThan(0);
    const past = await pastOf(await openBundle(await buffer((await work).bytes), LIMITS), undefined, 'a.md');
    expect(past.map(({ read }) => read().toString())).toEqual(
      Array.from({ length: 1500 }, (_, i) => `one\ntwo ${i + 1}\nthree\n`),
    );
  });
});
