import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectOperations } from '../../scripts/gen/collect.ts';
import { METHODS, PATHS } from '../../src/protocol/index.ts';
import { LiveBox } from '../support/live-box.ts';
import { Stranger } from '../support/stranger.ts';

let box: LiveBox;
let stranger: Stranger;
let operations: { id: string; input: unknown }[];

beforeAll(async () => {
  box = await LiveBox.start();
  stranger = new Stranger(box.address);
  const declared = await collectOperations(join(import.meta.dirname, '..', '..'));
  operations = declared.map((op) => ({ id: op.id, input: op.examples[0]?.input ?? {} }));
});
afterAll(async () => await box.dispose());

const body = (input: unknown) => JSON.stringify({ input, idempotencyKey: 'a-stranger-tries-this', confirm: true });
/** Refused for want of a credential, or because too many wrong ones came from here: never for any other reason. */
const REFUSED = /^(UNAUTHENTICATED|SESSION_EXPIRED|TOKEN_INVALID|LOCKED_OUT)$/;

async function expectNothingHappened(): Promise<void> {
  const { operations: known } = await box.run<{ operations: unknown[] }>('operation.list');
  expect(known.length).toBeGreaterThan(20);
  const { records } = await box.run<{ records: { actor: { kind: string } | null }[] }>('audit.list', { max: 500 });
  // The box itself is on record (its first pairing window), so an empty list is not what makes this pass.
  expect(records.some((r) => r.actor?.kind === 'console')).toBe(true);
  expect(records.filter((r) => r.actor !== null && r.actor.kind !== 'console')).toEqual([]);
}

describe('a stranger without a credential', () => {
  it('knows of more than twenty operations to try', () => {
    expect(operations.length).toBeGreaterThan(20);
    for (const id of ['pair.confirm', 'device.revoke', 'doc.edit', 'model.import', 'audit.export']) {
      expect(operations.map((op) => op.id)).toContain(id);
    }
  });

  it('is refused every operation over REST', async () => {
    for (const { id, input } of operations) {
      const answer = await stranger.http('POST', `${PATHS.operation}${id}`, {}, body(input));
      expect([id, answer.status, answer.code]).toEqual([id, 401, 'UNAUTHENTICATED']);
    }
    await expectNothingHappened();
  });

  it('is refused every operation over REST with garbage for a bearer', async () => {
    const garbage = [`jb_${'A'.repeat(43)}`, `jt_${'A'.repeat(43)}`, 'null', '..%2f', 'eyJhbGciOiJub25lIn0.e30.'];
    for (const [n, { id, input }] of operations.entries()) {
      const authorization = `Bearer ${garbage[n % garbage.length]}`;
      const answer = await stranger.http('POST', `${PATHS.operation}${id}`, { authorization }, body(input));
      expect([id, answer.code]).toEqual([id, expect.stringMatching(REFUSED)]);
      expect([401, 429]).toContain(answer.status);
    }
    for (const authorization of ['Basic YWRtaW46YWRtaW4=', 'Bearer', 'Bearer a b', '']) {
      const answer = await stranger.http('POST', `${PATHS.operation}box.status`, { authorization }, body({}));
      expect([authorization, answer.status]).toEqual([authorization, 401]);
    }
    await expectNothingHappened();
  });

  it('is refused every operation over a socket, which is then closed', async () => {
    for (const { id, input } of operations) {
      const params = { input, idempotencyKey: 'a-stranger-tries-this', confirm: true };
      const call = JSON.stringify({ jsonrpc: '2.0', id: 1, method: id, params });
      const { answers, closeCode } = await stranger.frames([call]);
      expect([id, answers, closeCode]).toEqual([
        id,
        [expect.objectContaining({ id: 1, error: expect.objectContaining({ code: 1001 }) })],
        4001,
      ]);
    }
    await expectNothingHappened();
  });

  it('is refused the methods beside operations, too', async () => {
    const { challenge: _, event: _e, part: _p, text: _t, connect: _c, cancel, ...methods } = METHODS;
    for (const method of Object.values(methods)) {
      const params = { topic: 'box', nonce: 'x' };
      const { answers, closeCode } = await stranger.frames([JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })]);
      expect([method, closeCode, answers.length]).toEqual([method, 4001, 1]);
      expect(answers[0]).toMatchObject({ error: { data: { code: 'UNAUTHENTICATED' } } });
    }
    // A notification has no answer; the socket is closed when the time for `connect` is over or garbage follows.
    const { answers } = await stranger.frames([
      JSON.stringify({ jsonrpc: '2.0', method: cancel, params: { id: 1 } }),
      'x',
    ]);
    expect(answers).toEqual([expect.objectContaining({ id: null })]);
  });

  it.each<[string, string | Buffer, number]>([
    ['no JSON', 'hello', 1002],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"box.status"}]', 1002],
    ['another protocol', '{"jsonrpc":"1.0","id":1,"method":"box.status"}', 1002],
    ['a binary frame', Buffer.from([0, 1, 2, 3]), 1002],
    ['a frame above 64 KiB', `{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(70_000)}"}`, 1009],
    ['an empty connect', '{"jsonrpc":"2.0","id":1,"method":"session.connect","params":{}}', 4001],
    [
      'prototype games',
      '{"jsonrpc":"2.0","id":1,"method":"__proto__","params":{"__proto__":{"scopes":["box.admin"]}}}',
      4001,
    ],
  ])('is shown the door for %s', async (_, frame, closeCode) => {
    const conversation = await stranger.frames([frame, '{"jsonrpc":"2.0","id":2,"method":"box.status","params":{}}']);
    expect(conversation.closeCode).toBe(closeCode);
    expect(conversation.answers.filter((answer) => 'result' in answer)).toEqual([]);
  });

  it('cannot speak a second time on a socket that was refused', async () => {
    const call = (id: number) => JSON.stringify({ jsonrpc: '2.0', id, method: 'box.status', params: { input: {} } });
    const { answers } = await stranger.frames([call(1), call(2), call(3)]);
    expect(answers.filter((answer) => 'result' in answer)).toEqual([]);
  });

  it('is refused everything else that serves data', async () => {
    const paths = [
      ['GET', `${PATHS.events}box`],
      ['GET', `${PATHS.events}audit?after=x:0`],
      ['GET', '/v1/models'],
      ['POST', '/v1/chat/completions'],
      ['GET', '/metrics'],
      ['GET', '/readyz'],
      ['GET', '/healthz'],
      ['PUT', `${PATHS.uploads}${'0'.repeat(64)}`],
      ['GET', `${PATHS.blobs}${'0'.repeat(64)}`],
      ['POST', '/mcp'],
      ['GET', '/api/op/box.status'],
      ['GET', '/api/../data/jingu.db'],
      ['GET', '/..%2f..%2fetc%2fpasswd'],
      ['GET', '/assets/..%2f..%2fpackage.json'],
    ] as const;
    for (const [method, path] of paths) {
      const answer = await stranger.http(method, path, {}, method === 'GET' ? undefined : '{"messages":[]}');
      expect([path, answer.status]).toEqual([
        path,
        expect.toSatisfy((n: number) => n === 401 || n === 404 || n === 403),
      ]);
      expect(answer.text).not.toMatch(/root:|SQLite|"version": "0/);
    }
  });

  it('may see what the box is called, whether it lives, and its pages', async () => {
    const about = await stranger.http('GET', PATHS.box);
    expect(about.status).toBe(200);
    expect(Object.keys(JSON.parse(about.text) as object).sort()).toEqual(['boxId', 'name', 'protocol', 'version']);
    expect((await stranger.http('GET', '/livez')).status).toBe(200);
    expect((await stranger.http('GET', '/')).status).toBe(200);
  });

  it('gets nowhere by naming another host or origin', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', 'evil.example:7443']) {
      expect((await stranger.http('GET', PATHS.box, { host })).code).toBe('HOST_REFUSED');
    }
    for (const origin of [
      'https://evil.example',
      'null',
      `http://${box.address}`,
      `https://${box.address}.evil.example`,
    ]) {
      expect((await stranger.http('GET', PATHS.box, { origin })).code).toBe('HOST_REFUSED');
      const { challenge } = await stranger.frames(['{}'], { origin });
      expect([origin, challenge]).toEqual([origin, undefined]);
    }
  });

  it('gains nothing by headers that a proxy would set', async () => {
    const headers = {
      'x-forwarded-for': '127.0.0.1',
      'x-real-ip': '127.0.0.1',
      'x-jingu-console': '1',
      cookie: 'session=1',
    };
    const answer = await stranger.http('POST', `${PATHS.operation}box.status`, headers, body({}));
    expect(answer.code).toMatch(REFUSED);
  });

  it('left no trace of a call', async () => {
    await expectNothingHappened();
  });
});
