import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyDelta, deltaOf } from '../../../src/realdoc/git/delta.ts';
import { Folders } from '../../../src/realdoc/git/folders.ts';
import { commitBytes, idOf, treeBytes } from '../../../src/realdoc/git/objects.ts';
import { type PackObject, packBytes } from '../../../src/realdoc/git/pack-writer.ts';
import { filesAtEnd, pastOf } from '../../../src/realdoc/git/past.ts';
import { BadBundle, type OpenBundle, openBundle } from '../../../src/realdoc/git/read-bundle.ts';
import { diffBytes } from '../../../src/realdoc/text/diff.ts';
import { turnsDuring } from '../../support/turns.ts';

const LIMITS = { objects: 1000, objectBytes: 1_000_000, totalBytes: 4_000_000, textBytes: 8_000_000 };

async function* from<T>(list: readonly T[]): AsyncGenerator<T> {
  yield* list;
}

async function bundleOf(objects: readonly PackObject[], refs: string): Promise<Buffer> {
  const parts: Buffer[] = [Buffer.from(`# v2 git bundle\n${refs}\n\n`)];
  for await (const bytes of packBytes(objects.length, from(objects))) parts.push(bytes);
  return Buffer.concat(parts);
}

/** A pack with a body of our choice and the digest that fits it. */
function forged(count: number, body: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.write('PACK');
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(count, 8);
  const pack = Buffer.concat([head, body]);
  const sum = createHash('sha1').update(pack).digest();
  return Buffer.concat([Buffer.from(`# v2 git bundle\n${'0'.repeat(40)} HEAD\n\n`), pack, sum]);
}

describe('objects of git', () => {
  it('have the ids that git gives them', () => {
    // Known ids: the empty tree and "hello world\n" (git-scm.com, "Git Objects").
    expect(idOf('tree', Buffer.alloc(0))).toBe('4b825dc642cb6eb9a060e54bf8d69288fbee4904');
    expect(idOf('blob', Buffer.from('hello world\n'))).toBe('3b18e512dba79e4c8300dd08aeb37f8e728b8dad');
  });

  it('list a folder as if its name ended in a slash', () => {
    const id = 'a'.repeat(40);
    const names = treeBytes([
      { name: 'a.b', id, isFolder: false },
      { name: 'a', id, isFolder: true },
      { name: 'a0', id, isFolder: false },
    ]);
    expect(names.toString('latin1').match(/(?:100644|40000) [^\0]+/g)).toEqual(['100644 a.b', '40000 a', '100644 a0']);
  });

  it('a deltas of any change gives the text after it, and nothing reaches over an end', () => {
    const text = fc.uint8Array({ maxLength: 600 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const change = diffBytes(Buffer.from(a), Buffer.from(b));
        const delta = deltaOf(change, a.length, b.length);
        expect(applyDelta(a, delta, 10_000).equals(b)).toBe(true);
      }),
    );
    fc.assert(
      fc.property(text, fc.uint8Array({ maxLength: 60 }), (base, delta) => {
        try {
          expect(applyDelta(base, delta, 1000).length).toBeLessThanOrEqual(1000);
        } catch (error) {
          expect((error as Error).constructor.name).toBe('BadDelta');
        }
      }),
    );
  });

  it('a document that left takes its empty folder with it', () => {
    const folders = new Folders();
    const stored: string[] = [];
    const write = (): string[] => {
      stored.length = 0;
      folders.write((entries) => {
        stored.push(entries.map((e) => e.name).join());
        return idOf('tree', treeBytes(entries));
      });
      return stored;
    };
    folders.place('1', 'x/y/a', 'a'.repeat(40));
    folders.place('2', 'x/b', 'b'.repeat(40));
    expect(write()).toEqual(['a', 'y,b', 'x']);
    folders.place('1', undefined, '');
    expect(write()).toEqual(['b', 'x']);
  });
});

describe('a bundle from outside', () => {
  const blob = Buffer.from('one\n');
  const tree = treeBytes([{ name: 'f', id: idOf('blob', blob), isFolder: false }]);
  const author = { name: 'A', email: 'a@b.invalid', at: 1000 };
  const commit = commitBytes({ tree: idOf('tree', tree), parent: undefined, author, message: 'm' });
  const objects: PackObject[] = [
    { id: idOf('blob', blob), kind: 'blob', bytes: blob },
    { id: idOf('tree', tree), kind: 'tree', bytes: tree },
    { id: idOf('commit', commit), kind: 'commit', bytes: commit },
  ];

  it('is read back with its files', async () => {
    const open = await openBundle(await bundleOf(objects, `${idOf('commit', commit)} refs/heads/main`), LIMITS);
    const past = await pastOf(open, undefined, 'f');
    expect(past.map((p) => [p.message, p.at, p.read().toString()])).toEqual([['m', 1000, 'one\n']]);
    expect(await filesAtEnd(open, 'main', 5)).toEqual(['f']);
    await expect(pastOf(open, 'other', 'f')).rejects.toThrow('no reference other');
  });

  it('is not walked without an end where folders stand in each other', async () => {
    const inner = treeBytes([]);
    const trees: Buffer[] = [inner];
    for (let depth = 0; depth < 40; depth++) {
      const id = idOf('tree', trees.at(-1)!);
      trees.push(treeBytes(['a', 'b'].map((name) => ({ name, id, isFolder: true }))));
    }
    const top = commitBytes({
      tree: idOf('tree', trees.at(-1)!),
      parent: undefined,
      author: { name: 'a', email: 'b', at: 1000 },
      message: 'm',
    });
    const all: PackObject[] = [
      ...trees.map((bytes) => ({ id: idOf('tree', bytes), kind: 'tree' as const, bytes })),
      { id: idOf('commit', top), kind: 'commit', bytes: top },
    ];
    const open = await openBundle(await bundleOf(all, `${idOf('commit', top)} HEAD`), LIMITS);
    expect(await pastOf(open, undefined, 'f')).toEqual([]);
    expect(await filesAtEnd(open, undefined, 5)).toEqual([]);
  });

  it.each([
    ['is no bundle', () => Buffer.from('PK\x03\x04'), 'does not begin as a git bundle does'],
    ['lies about the number of objects', () => forged(5, Buffer.alloc(0)), 'ends too early'],
    ['says more objects than allowed', () => forged(100_000, Buffer.alloc(0)), 'more than 1000 objects'],
    [
      'inflates to more than it says',
      () => forged(1, Buffer.concat([Buffer.of(0x31), deflateSync(Buffer.alloc(900_000))])),
      'inflated',
    ],
    [
      'announces a giant',
      () => forged(1, Buffer.concat([Buffer.from([0xbf, 0xff, 0xff, 0xff, 0x7f]), deflateSync(Buffer.alloc(9))])),
      'more than 1000000 bytes',
    ],
    [
      'has a delta against nothing',
      () => forged(1, Buffer.concat([Buffer.of(0x71), Buffer.alloc(20, 7), deflateSync(Buffer.of(0))])),
      'not in it',
    ],
    ['needs what is not in it', () => Buffer.from(`# v2 git bundle\n-${'0'.repeat(40)} x\n\nPACK`), '--all'],
    ['left objects out', () => Buffer.from('# v3 git bundle\n@filter=blob:none\n\nPACK'), 'left out'],
  ])('that %s is refused', async (_name, make, reason) => {
    await expect(openBundle(make(), LIMITS)).rejects.toThrow(reason);
  });

  it('with one byte turned is refused, whichever byte', async () => {
    const whole = await bundleOf(objects, `${idOf('commit', commit)} HEAD`);
    const pack = whole.indexOf('PACK');
    for (let at = pack; at < whole.length; at++) {
      const bad = Buffer.from(whole);
      bad[at]! ^= 1;
      await expect(openBundle(bad, LIMITS)).rejects.toThrow();
    }
  });
});

/** A history of so many commits, each with a text of its own, made as it is asked for. */
function generated(commits: number): OpenBundle {
  const idOfNumber = (n: number): string => n.toString(16).padStart(40, '0');
  const blobOf = (commit: number): string => idOfNumber(commit + 2 ** 30);
  return {
    refs: new Map([['HEAD', idOfNumber(commits)]]),
    object: (id, kind) => {
      const n = Number.parseInt(id, 16) % 2 ** 30;
      if (kind === 'tag') throw new BadBundle('it is not in it');
      if (kind === 'blob') return Buffer.from(`text ${n}`);
      if (kind === 'tree') return treeBytes([{ name: 'f', id: blobOf(n), isFolder: false }]);
      const author = { name: 'A', email: 'a@b.invalid', at: n * 1000 };
      return commitBytes({
        tree: idOfNumber(n),
        parent: n > 1 ? idOfNumber(n - 1) : undefined,
        author,
        message: `m${n}`,
      });
    },
  };
}

describe('a long history', () => {
  it('keeps nobody waiting, and is told in its order', async () => {
    const walk = pastOf(generated(30_000), undefined, 'f');
    expect(await turnsDuring(walk)).toBeGreaterThan(3);
    const past = await walk;
    expect(past.map(({ at }) => at / 1000)).toEqual(Array.from({ length: 30_000 }, (_, i) => i + 1));
    expect(past[20_000]!.read().toString()).toBe('text 20001');
  });

  it('has its limit', async () => {
    await expect(pastOf(generated(200_000), undefined, 'f')).rejects.toThrow('more than 200000 commits');
  });

  it('ends when nobody wants it any more', async () => {
    const wish = new AbortController();
    const walk = pastOf(generated(30_000), undefined, 'f', wish.signal);
    wish.abort(new Error('not wanted'));
    await expect(walk).rejects.toThrow('not wanted');
  });

  it('is opened in turns too', async () => {
    const blobs = Array.from({ length: 200 }, (_, i) => Buffer.alloc(60_000, `text ${i}`));
    const objects = blobs.map((bytes) => ({ id: idOf('blob', bytes), kind: 'blob' as const, bytes }));
    const bundle = await bundleOf(objects, `${objects[0]!.id} HEAD`);
    const wide = { objects: 10_000, objectBytes: 1_000_000, totalBytes: 1e9, textBytes: 1e9 };
    const open = openBundle(bundle, wide);
    expect(await turnsDuring(open)).toBeGreaterThan(3);
    for (const { id, bytes } of objects) expect((await open).object(id, 'blob').equals(bytes)).toBe(true);
  });
});
