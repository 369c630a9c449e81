import { createHash, randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { localError } from '../../../src/client/errors.ts';
import type { HttpRequest, Transport } from '../../../src/client/index.ts';
import { upload } from '../../../src/client/upload.ts';
import { fail } from '../../../src/common/index.ts';

const LIMIT = 6_000_000;
const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Keeps what comes as the box does, and can lose the line, end a credential or answer with an error. */
class UploadBox implements Transport {
  readonly calls: string[] = [];
  readonly pins: (string | undefined)[] = [];
  kept = Buffer.alloc(0);
  total = -1;
  bearers = 0;
  good = 1;
  before: (call: number) => void = () => {};

  openSocket(): never {
    throw new Error('no sockets in this test');
  }

  async request(url: string, { method, headers, body, pin }: HttpRequest) {
    this.pins.push(pin);
    const range = headers?.['content-range'];
    this.calls.push(range ? `${method} ${range}` : method);
    this.before(this.calls.length);
    const seen = { spki: null, exporter: null };
    if (headers?.['authorization'] !== `Bearer b${this.good}`) {
      return { status: 401, body: JSON.stringify({ error: fail('SESSION_EXPIRED').toWire('en') }), seen };
    }
    if (body instanceof Blob) {
      const [, from, to, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range ?? 'bytes 0-0/0')!.map(Number);
      expect([from, body.size]).toEqual([this.kept.length, range ? to! - from! + 1 : 0]);
      this.kept = Buffer.concat([this.kept, Buffer.from(await body.arrayBuffer())]);
      this.total = total!;
    }
    const complete = this.kept.length === this.total && url.endsWith(`/${sha(this.kept)}`);
    return { status: 200, body: JSON.stringify({ received: this.kept.length, complete }), seen };
  }

  way = {
    origin: 'https://box.test:7443',
    pin: 'the-key',
    transport: this,
    limit: LIMIT,
    bearer: async () => ({ bearer: `b${++this.bearers}`, expiresInMs: 1 }),
  };
}

const PICTURE = randomBytes(5_000_000);

it('sends a file in parts, tells how far it is, and keeps every byte', async () => {
  const box = new UploadBox();
  const told: number[] = [];
  const name = await upload(new Blob([PICTURE]), box.way, { onProgress: (sent) => told.push(sent) });
  expect(name).toBe(sha(PICTURE));
  expect(box.kept.equals(PICTURE)).toBe(true);
  expect(box.calls).toEqual([
    'GET',
    'PUT bytes 0-2097151/5000000',
    'PUT bytes 2097152-4194303/5000000',
    'PUT bytes 4194304-4999999/5000000',
  ]);
  expect(told).toEqual([0, 2_097_152, 4_194_304, 5_000_000]);
  expect(new Set(box.pins)).toEqual(new Set(['the-key']));
});

it('goes on where a broken line stopped it, and sends nothing that is there', async () => {
  const box = new UploadBox();
  box.before = (call) => {
    if (call === 3) throw new TypeError('Failed to fetch');
  };
  const file = new Blob([PICTURE]);
  await expect(upload(file, box.way, {})).rejects.toMatchObject({ code: 'CLIENT_CONNECTION_LOST' });
  box.good = 2;
  await upload(file, box.way, {});
  expect(box.kept.equals(PICTURE)).toBe(true);
  expect(box.calls.slice(3, 5)).toEqual(['GET', 'PUT bytes 2097152-4194303/5000000']);
  box.good = 3;
  await upload(file, box.way, {});
  expect(box.calls.slice(6)).toEqual(['GET']);
});

it('takes a new credential when one ends on the way, once a part', async () => {
  const box = new UploadBox();
  box.before = (call) => {
    if (call === 3) box.good = 2;
  };
  await upload(new Blob([PICTURE]), box.way, {});
  expect([box.kept.equals(PICTURE), box.bearers]).toEqual([true, 2]);
  box.good = 99;
  await expect(upload(new Blob([PICTURE]), box.way, {})).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
  expect(box.bearers).toBe(4);
});

it('sends an empty file, which has no range', async () => {
  const box = new UploadBox();
  expect(await upload(new Blob([]), box.way, {})).toBe(sha(Buffer.alloc(0)));
  expect(box.calls).toEqual(['GET', 'PUT']);
});

it('refuses what is too long before it reads or sends a byte, and says so in the language of the person', async () => {
  const box = new UploadBox();
  const file = new Blob([Buffer.alloc(LIMIT + 1)]);
  file.arrayBuffer = () => Promise.reject(new Error('it was read'));
  await expect(upload(file, box.way, { locale: 'zh' })).rejects.toMatchObject({
    code: 'CLIENT_FILE_TOO_LARGE',
    message: '文件为 5.8 MB，盒子最多接收 5.7 MB 的文件。',
  });
  expect([box.calls, box.bearers]).toEqual([[], 0]);
});

it('says when a file cannot be read: a folder that was dropped, or one that is gone', async () => {
  const box = new UploadBox();
  const folder = new Blob([]);
  folder.arrayBuffer = () => Promise.reject(new DOMException('A requested file could not be read', 'NotReadableError'));
  await expect(upload(folder, box.way, {})).rejects.toMatchObject({ code: 'CLIENT_FILE_UNREADABLE' });
  expect(box.calls).toEqual([]);
});

it('tells another key and an abort apart from a broken line', async () => {
  const other = new UploadBox();
  other.before = () => {
    throw localError('CLIENT_BOX_MISMATCH', { reason: 'another key' });
  };
  await expect(upload(new Blob(['a']), other.way, {})).rejects.toMatchObject({ code: 'CLIENT_BOX_MISMATCH' });

  const ended = new UploadBox();
  const wish = new AbortController();
  ended.before = () => {
    wish.abort(new Error('no longer wanted'));
    throw new Error('the line was closed');
  };
  await expect(upload(new Blob(['a']), ended.way, { signal: wish.signal })).rejects.toThrow('no longer wanted');
});
