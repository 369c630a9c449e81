import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveBox } from '../support/live-box.ts';
import { type PairedDevice, pairDevice } from '../support/paired.ts';
import { Rest } from '../support/rest.ts';

interface Refused {
  error: { code: string; details: Record<string, unknown> };
}
interface Done {
  output: { sha256: string; bytes: number; url: string; version: number; path: string };
  undo?: { operation: string; input: object };
}

const folder = mkdtempSync(join(tmpdir(), 'jingu-transfer-'));
const share = join(folder, 'share');
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
/** 1.3 MiB with line ends of both kinds and a character of three bytes: more than one frame, more than one leaf. */
const OFFER = Buffer.from(
  Array.from({ length: 40_000 }, (_, i) => `第 ${i} line of the offer.${i % 7 === 0 ? '\r\n' : '\n'}`).join(''),
);
const LIMIT = 64 * 1_048_576;
let box: LiveBox;
let phone: PairedDevice;
let rest: Rest;

beforeAll(async () => {
  mkdirSync(share);
  box = await LiveBox.start();
  await box.run('workspace.add', { name: 'office', root: share });
  phone = await pairDevice(box);
  await phone.client.connect();
  rest = new Rest(box, (await phone.client.bearer()).bearer);
});
afterAll(async () => {
  phone.client.close();
  await box.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const put = (bytes: Buffer, options: { digest?: string; range?: string; cut?: number; console?: boolean } = {}) =>
  rest.call('PUT', `/api/uploads/${options.digest ?? sha(bytes)}`, {
    body: bytes,
    headers: { 'content-type': 'application/json', ...(options.range ? { 'content-range': options.range } : {}) },
    ...(options.cut === undefined ? {} : { cut: options.cut }),
    ...(options.console ? { console: true } : {}),
  });
const state = async (digest: string) => (await rest.call('GET', `/api/uploads/${digest}`)).json();
const kept = () =>
  readdirSync(join(box.data, 'blobs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);

describe('a file that is sent to the box', () => {
  it('goes on where the connection broke, becomes a document, and its file has the very bytes', async () => {
    const digest = sha(OFFER);
    await expect(put(OFFER, { cut: 500_000 })).rejects.toThrow();
    // The box notices the broken line in its own time; until then the upload is busy, and what is there only grows.
    const { received } = (await expect
      .poll(async () => await state(digest), { timeout: 20_000 })
      .toMatchObject({ complete: false, received: expect.toSatisfy((n: number) => n > 0) })
      .then(() => state(digest))) as { received: number };
    const half = Math.max(received, 700_000);
    let at = received;
    await expect
      .poll(
        async () => {
          ({ received: at } = (await state(digest)) as { received: number });
          const range = `bytes ${at}-${half - 1}/${OFFER.length}`;
          return (await put(OFFER.subarray(at, half), { digest, range })).json();
        },
        { timeout: 20_000 },
      )
      .toEqual({ sha256: digest, received: half, complete: false });
    const gap = await put(OFFER.subarray(half + 10), {
      digest,
      range: `bytes ${half + 10}-${OFFER.length - 1}/${OFFER.length}`,
    });
    expect([gap.status, gap.json<Refused>().error]).toMatchObject([
      409,
      { code: 'BLOB_OFFSET', details: { received: half } },
    ]);
    const last = await put(OFFER.subarray(half), {
      digest,
      range: `bytes ${half}-${OFFER.length - 1}/${OFFER.length}`,
    });
    expect([last.status, last.json()]).toEqual([
      201,
      { sha256: digest, received: OFFER.length, complete: true, url: `/api/blobs/${digest}` },
    ]);

    const added = await rest.op<Done>('doc.add', { path: 'office/in/offer.md', sha256: digest }, 'add-the-offer');
    expect(added.output).toMatchObject({ path: 'office/in/offer.md', version: 1 });
    await box.run('doc.status', { path: 'office/in/offer.md', waitMs: 10_000 });
    expect(readFileSync(join(share, 'in/offer.md')).equals(OFFER)).toBe(true);
    const again = await rest.op<Refused>('doc.add', { path: 'office/in/offer.md', sha256: digest }, 'add-it-again');
    expect(again.error.code).toBe('DOC_EXISTS');

    expect(added.undo).toMatchObject({ operation: 'doc.undo' });
    await rest.op('doc.undo', added.undo!.input, 'take-the-offer-back');
    await expect
      .poll(() => existsSync(join(share, 'in/offer.md')) && readFileSync(join(share, 'in/offer.md')).length)
      .toBeFalsy();
    await rest.op('doc.redo', { path: 'office/in/offer.md' }, 'after-all');
    await box.run('doc.status', { path: 'office/in/offer.md', waitMs: 10_000 });
    await expect
      .poll(() => existsSync(join(share, 'in/offer.md')) && sha(readFileSync(join(share, 'in/offer.md'))))
      .toBe(digest);
  });

  it('is not kept when it is not what it was said to be, and is refused by its length before it is sent', async () => {
    const before = kept();
    const wrong = await put(Buffer.from('not that'), { digest: sha(Buffer.from('that')) });
    expect([wrong.status, wrong.json<Refused>().error.code]).toEqual([400, 'BLOB_DIGEST_WRONG']);
    const huge = await rest.call('PUT', `/api/uploads/${sha(OFFER)}`, {
      body: 'x',
      headers: { 'content-range': `bytes 0-0/${LIMIT + 1}` },
    });
    expect([huge.status, huge.json<Refused>().error.code]).toEqual([413, 'TOO_LARGE']);
    const odd = await put(Buffer.from('that'), { range: 'bytes 0-9/4' });
    expect([odd.status, odd.json<Refused>().error.code]).toEqual([400, 'REQUEST_INVALID']);
    const path = await rest.call('PUT', `/api/uploads/${encodeURIComponent('../../jingu.db')}`, { body: 'x' });
    expect([path.status, path.json<Refused>().error.code]).toEqual([400, 'INPUT_INVALID']);
    expect(kept()).toEqual(before);
  });

  it('becomes a document whatever it is, or comes with the call; what was never sent does not', async () => {
    const picture = Buffer.concat([Buffer.from('89504e470d0a1a0a0000', 'hex'), randomBytes(300_000)]);
    expect((await put(picture)).status).toBe(201);
    const input = { path: 'office/picture.png', sha256: sha(picture) };
    await rest.op<Done>('doc.add', input, 'add-a-picture');
    await box.run('doc.status', { path: 'office/picture.png', waitMs: 5000 });
    expect(readFileSync(join(share, 'picture.png')).equals(picture)).toBe(true);
    const small = { path: 'office/small.pdf', base64: Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64') };
    await rest.op<Done>('doc.add', small, 'add-a-small-one');
    await box.run('doc.status', { path: 'office/small.pdf', waitMs: 5000 });
    expect(readFileSync(join(share, 'small.pdf'), 'latin1')).toBe('%PDF-1.4\n%%EOF\n');
    for (const [key, wrong] of [
      ['both', { ...input, base64: 'aGVsbG8K', path: 'office/x' }],
      ['neither', { path: 'office/x' }],
      ['no-base64', { path: 'office/x', base64: 'not base64!' }],
    ] as const) {
      expect((await rest.op<Refused>('doc.add', wrong, key)).error.code).toBe('INPUT_INVALID');
    }
    const absent = { path: 'office/absent.md', sha256: sha(Buffer.from('never sent')) };
    expect((await rest.op<Refused>('doc.add', absent, 'add-nothing')).error.code).toBe('BLOB_NOT_FOUND');
  });

  it('comes by the client in parts, an empty one too, and a second time is sent no more', async () => {
    const scan = randomBytes(5_000_000);
    const told: number[] = [];
    const digest = await phone.client.upload(new Blob([scan]), { onProgress: (sent) => told.push(sent) });
    expect([digest, told.at(-1), told.length > 2]).toEqual([sha(scan), scan.length, true]);
    await phone.client.invoke('doc.add', { path: 'office/scan.bin', sha256: digest });
    await box.run('doc.status', { path: 'office/scan.bin', waitMs: 5000 });
    expect(readFileSync(join(share, 'scan.bin')).equals(scan)).toBe(true);
    told.length = 0;
    await phone.client.upload(new Blob([scan]), { onProgress: (sent) => told.push(sent) });
    expect(told).toEqual([scan.length]);
    const empty = await phone.client.upload(new Blob([]));
    await phone.client.invoke('doc.add', { path: 'office/empty.txt', sha256: empty });
    await box.run('doc.status', { path: 'office/empty.txt', waitMs: 5000 });
    expect(readFileSync(join(share, 'empty.txt')).length).toBe(0);
  });

  it('may come from the console, and from nobody without a credential or the right', async () => {
    expect((await put(Buffer.from('from the console\n'), { console: true })).status).toBe(201);
    const { secret } = await box.run<{ secret: string }>('token.create', { name: 'reader', scopes: ['doc.read'] });
    const reader = new Rest(box, secret);
    const refused = await reader.call('PUT', `/api/uploads/${sha(OFFER)}`, { body: OFFER.subarray(0, 10) });
    expect([refused.status, refused.json<Refused>().error.code]).toEqual([403, 'SCOPE_MISSING']);
    const stranger = new Rest(box);
    expect((await stranger.call('PUT', `/api/uploads/${sha(OFFER)}`, { body: 'x' })).status).toBe(401);
    expect((await stranger.call('GET', `/api/blobs/${sha(OFFER)}`)).status).toBe(401);
  });
});

describe('a version that is taken away', () => {
  it('has the exact bytes, whole and by range, and never runs in a page', async () => {
    const text = Buffer.from('one\r\ntwo\nthree');
    await put(text);
    await rest.op('doc.add', { path: 'office/small.txt', sha256: sha(text) }, 'add-small');
    const edit = { path: 'office/small.txt', base: 1, verbs: [{ set: '2', text: ['zwei'] }] };
    await rest.op('doc.edit', edit, 'edit-small');
    const then = await rest.op<Done>('doc.download', { path: 'office/small.txt', at: 'v1' }, 'x-download-1');
    expect(then.output).toEqual({
      path: 'office/small.txt',
      version: 1,
      sha256: sha(text),
      bytes: text.length,
      url: `/api/blobs/${sha(text)}`,
    });
    const { output: now } = await rest.op<Done>('doc.download', { path: 'office/small.txt' }, 'x-download-2');
    const whole = await rest.call('GET', now.url);
    expect(whole.body.toString()).toBe('one\r\nzwei\nthree');
    expect(whole.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': expect.stringMatching(/^attachment/),
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'content-length': String(whole.body.length),
    });
    const range = async (value: string, more = {}) => {
      const answer = await rest.call('GET', now.url, { headers: { range: value, ...more } });
      return [answer.status, answer.body.toString(), answer.headers['content-range']];
    };
    expect(await range('bytes=5-8')).toEqual([206, 'zwei', 'bytes 5-8/15']);
    expect(await range('bytes=-5')).toEqual([206, 'three', 'bytes 10-14/15']);
    expect(await range('bytes=10-900')).toEqual([206, 'three', 'bytes 10-14/15']);
    expect(await range('bytes=15-')).toEqual([416, '', 'bytes */15']);
    expect(await range('bytes=0-1,3-4')).toEqual([200, 'one\r\nzwei\nthree', undefined]);
    expect(await range('bytes=0-1', { 'if-range': '"other"' })).toEqual([200, 'one\r\nzwei\nthree', undefined]);
    const absent = await rest.call('GET', `/api/blobs/${'0'.repeat(64)}`);
    expect([absent.status, absent.json<Refused>().error.code]).toEqual([404, 'BLOB_NOT_FOUND']);
  });

  it('is on record', async () => {
    const { records } = await box.run<{ records: { body: { operation?: string } }[] }>('audit.list', { max: 500 });
    const operations = records.map((r) => r.body.operation);
    expect(operations).toContain('doc.download');
    expect(operations).toContain('doc.add');
    expect(await box.run('audit.verify')).toMatchObject({ verdict: 'intact' });
  });
});
