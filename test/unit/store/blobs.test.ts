import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger, systemClock } from '../../../src/common/index.ts';
import { Blobs } from '../../../src/store/index.ts';

const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const all = { from: 0, length: undefined, total: undefined };
const TEXT = Buffer.from('The quick brown fox.\n'.repeat(100));

describe('blobs', () => {
  let directory: string;
  let blobs: Blobs;
  const open = async (more: Partial<ConstructorParameters<typeof Blobs>[0]> = {}) => {
    blobs = new Blobs({ directory, clock: systemClock, log: silentLogger, reserveBytes: 0, ...more });
    await blobs.start();
    return blobs;
  };
  const files = () => readdirSync(directory, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());
  async function* body(...parts: Buffer[]) {
    yield* parts;
  }
  async function* broken(part: Buffer) {
    yield part;
    throw new Error('the line broke');
  }

  beforeEach(() => {
    directory = join(mkdtempSync(join(tmpdir(), 'jingu-blobs-')), 'blobs');
  });
  afterEach(() => {
    blobs.stop();
    rmSync(join(directory, '..'), { recursive: true, force: true });
  });

  it('lie under their digest, for the owner of the box alone', async () => {
    await open();
    const { sha256, bytes } = await blobs.put([TEXT.subarray(0, 10), TEXT.subarray(10)]);
    expect({ sha256, bytes }).toEqual({ sha256: sha(TEXT), bytes: TEXT.length });
    const path = join(directory, sha256.slice(0, 2), sha256);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await blobs.bytes(sha256)).equals(TEXT)).toBe(true);
    await blobs.put([TEXT]);
    expect(files().map((f) => f.name)).toEqual([sha256]);
    expect(blobs.usedBytes).toBe(TEXT.length);
  });

  it('go on after a broken line and after a restart, and nobody else can put bytes into them', async () => {
    await open();
    const part = { from: 0, length: TEXT.length, total: TEXT.length };
    await expect(blobs.receive('ada', sha(TEXT), part, broken(TEXT.subarray(0, 700)))).rejects.toThrow('line broke');
    blobs.stop();
    await open();
    expect(await blobs.received('ada', sha(TEXT))).toEqual({ received: 700, complete: false });
    expect(await blobs.received('bob', sha(TEXT))).toEqual({ received: 0, complete: false });
    const rest = { from: 700, length: TEXT.length - 700, total: TEXT.length };
    await expect(blobs.receive('bob', sha(TEXT), rest, body(TEXT.subarray(700)))).rejects.toMatchObject({
      code: 'BLOB_OFFSET',
      details: { received: 0 },
    });
    expect(await blobs.receive('ada', sha(TEXT), rest, body(TEXT.subarray(700)))).toEqual({
      received: TEXT.length,
      complete: true,
    });
    expect((await blobs.bytes(sha(TEXT))).equals(TEXT)).toBe(true);
    expect(files()).toHaveLength(1);
  });

  it('keep nothing of wrong bytes, of too many, and of what is past the quota', async () => {
    await open({ maxBytes: 1000, maxPutBytes: 1000, quotaBytes: 1500 });
    const small = TEXT.subarray(0, 900);
    await expect(blobs.receive('ada', sha(TEXT), all, body(small))).rejects.toMatchObject({
      code: 'BLOB_DIGEST_WRONG',
    });
    await expect(blobs.receive('ada', sha(TEXT), all, body(TEXT))).rejects.toMatchObject({ code: 'TOO_LARGE' });
    await expect(blobs.put([TEXT])).rejects.toMatchObject({ code: 'TOO_LARGE' });
    expect([files(), blobs.usedBytes]).toEqual([[], 0]);
    await blobs.put([small]);
    await expect(blobs.put([TEXT.subarray(1, 800)])).rejects.toMatchObject({ code: 'BLOB_QUOTA' });
    expect([files().length, blobs.usedBytes]).toEqual([1, 900]);
  });

  it('say that the disk is full before they fill it', async () => {
    await open({ reserveBytes: Number.MAX_SAFE_INTEGER });
    await expect(blobs.receive('ada', sha(TEXT), all, body(TEXT))).rejects.toMatchObject({ code: 'DISK_FULL' });
    await expect(blobs.put([TEXT])).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(files()).toEqual([]);
  });

  it('are swept by age, and use keeps them', async () => {
    await open({ keepMs: 10_000 });
    const [used, unused] = [Buffer.from('used'), Buffer.from('unused')];
    await blobs.put([used]);
    await blobs.put([unused]);
    for (const digest of [sha(used), sha(unused)]) utimesSync(join(directory, digest.slice(0, 2), digest), 1000, 1000);
    await blobs.bytes(sha(used));
    await blobs.sweep();
    expect(files().map((f) => f.name)).toEqual([sha(used)]);
    expect(blobs.usedBytes).toBe(4);
    await expect(blobs.bytes(sha(unused))).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' });
  });

  it.each(['../../../etc/passwd', 'A'.repeat(64), '', `${'a'.repeat(63)}/`])(
    'have no name but a digest: %s',
    async (name) => {
      await open();
      await expect(blobs.stat(name)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      await expect(blobs.receive('ada', name, all, body(TEXT))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    },
  );
});
