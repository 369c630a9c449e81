import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { silentLogger, systemClock } from '../../../src/common/index.ts';
import { Egress, type OpenAnswer } from '../../../src/egress/index.ts';
import { listRecords } from '../../../src/egress/repository.ts';
import { mintTicket, newTicketKey } from '../../../src/egress/ticket.ts';
import { type GuestHandle, type GuestSpec, Supervisor } from '../../../src/guest/index.ts';
import { makeRig, type Rig, StandIn } from './rig.ts';

const server = new StandIn();
let rig: Rig;
beforeAll(() => server.start());
afterAll(() => server.stop());
beforeEach(() => {
  rig = makeRig(server);
  server.seen.length = 0;
  Object.assign(server.wire, { in: 0, out: 0, connections: 0 });
});
afterEach(() => rig.stop());

const base = { class: 'model-pull', decisionId: 'dec_1' } as const;
const get = (host: string, path = '/', over: object = {}) =>
  rig.egress.open({ ...base, url: rig.url(host, path), ...over });
const code = (name: string) => expect.objectContaining({ code: name });
const records = () => listRecords(rig.store, undefined, 500).reverse();

async function read(answer: OpenAnswer): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('a file comes through whole, and the ledger counts exactly the bytes that were on the wire', async () => {
  const file = randomBytes(5_000_000);
  server.answer = (_request, response) => response.writeHead(200, { 'content-length': file.length }).end(file);
  const answer = await get('models.example.org', '/a.gguf?token=secret', { actor: 'person:p1', taskId: 'task_1' });
  expect(answer).toMatchObject({ status: 200, host: 'models.example.org' });
  expect(answer.headers['content-length']).toBe('5000000');
  const body = await read(answer);
  expect(createHash('sha256').update(body).digest('hex')).toBe(createHash('sha256').update(file).digest('hex'));
  await until(() => records().length === 2);
  const [dial, end] = records();
  expect(dial).toMatchObject({
    kind: 'dial',
    decisionId: 'dec_1',
    path: '/a.gguf',
    actor: 'person:p1',
    taskId: 'task_1',
  });
  expect(end).toMatchObject({ kind: 'end', outcome: 'ok', status: 200, bodyBytes: 5_000_000, address: '127.0.0.1' });
  await until(() => end!.bytesOut <= server.wire.in && end!.bytesIn <= server.wire.out);
  expect(end).toMatchObject({ bytesOut: server.wire.in, bytesIn: server.wire.out });
  expect(server.seen[0]!.headers).toMatchObject({
    host: `models.example.org:${server.port}`,
    'user-agent': 'Jingu',
    'accept-encoding': 'identity',
  });
  // The query of a delivery address is somebody's credential: hashed, never stored.
  expect(readFileSync(join(rig.directory, 'egress/ledger.ndjson'), 'utf8')).not.toContain('secret');
});

test('a range is asked for and answered', async () => {
  server.answer = (_request, response) => response.writeHead(206, { 'content-range': 'bytes 5-9/10' }).end('56789');
  const answer = await get('models.example.org', '/', { range: { from: 5 }, ifRange: '"tag"' });
  expect(answer).toMatchObject({ status: 206, headers: { 'content-range': 'bytes 5-9/10' } });
  expect((await read(answer)).toString()).toBe('56789');
  expect(server.seen[0]!.headers).toMatchObject({ range: 'bytes=5-', 'if-range': '"tag"' });
});

test('a slow reader holds the far side back', async () => {
  const chunk = randomBytes(256 * 1024);
  let written = 0;
  server.answer = (request, response) => {
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const more = () => {
      while (written < 400) {
        written++;
        if (!response.write(chunk)) {
          response.once('drain', more);
          return;
        }
      }
      response.end();
    };
    more();
  };
  const answer = await get('models.example.org');
  const reader = answer.body[Symbol.asyncIterator]();
  expect((await reader.next()).done).toBe(false);
  // Everything beyond the buffers on the way must wait: other requests pass meanwhile, so it had its chance.
  for (let i = 0; i < 5; i++) {
    const other = await get('cdn.example.org', '/', { method: 'HEAD' });
    await read(other);
  }
  expect(written).toBeLessThan(200);
  let total = 0;
  for (let next = await reader.next(); !next.done; next = await reader.next()) total += next.value.length;
  expect(total).toBeGreaterThan(390 * chunk.length);
});

test('redirects are followed on the list, each with a ticket of its own', async () => {
  server.answer = (request, response) => {
    if (request.url === '/start') response.writeHead(302, { location: rig.url('cdn.example.org', '/end') }).end('go');
    else response.end('here');
  };
  const answer = await get('models.example.org', '/start');
  expect(answer.host).toBe('cdn.example.org');
  expect((await read(answer)).toString()).toBe('here');
  await until(() => records().length === 4);
  const tickets = new Set(records().map((record) => record.ticket));
  expect(tickets.size).toBe(2);
});

test.each([
  ['off the list', () => 'https://evil.example.net/'],
  ['to plain http', () => 'http://models.example.org/'],
  ['to an address', () => 'https://127.0.0.1/'],
  ['to another port', () => 'https://models.example.org:22/'],
  ['with userinfo', () => rig.url('models.example.org@evil.net', '/')],
  ['in a circle', () => '/again'],
])('a redirect %s is refused', async (_name, location) => {
  server.answer = (_request, response) => response.writeHead(302, { location: location() }).end();
  await expect(get('models.example.org')).rejects.toThrow(code('EGRESS_REDIRECT_REFUSED'));
});

test.each([
  ['private.example.org', '10.0.0.7'],
  ['metadata.example.org', '169.254.169.254'],
  ['mapped.example.org', '::ffff:127.0.0.1'],
  ['linklocal.example.org', 'fe80::1'],
  ['both.example.org', '192.168.0.1'],
])('a listed name that leads to a forbidden address is refused: %s', async (host, address) => {
  await expect(get(host)).rejects.toMatchObject({ code: 'EGRESS_ADDRESS_REFUSED', details: { host, address } });
  expect(server.wire.connections).toBe(0);
  await until(() => records().length === 1);
  expect(records()[0]).toMatchObject({ kind: 'refused', outcome: 'EGRESS_ADDRESS_REFUSED', bytesOut: 0 });
});

test('what is not on the list does not get as far as the guest', async () => {
  await expect(get('models.example.net')).rejects.toThrow(code('EGRESS_HOST_DENIED'));
  await expect(rig.egress.open({ ...base, url: 'https://models.example.org/' })).rejects.toThrow(
    code('EGRESS_HOST_DENIED'),
  );
  await expect(rig.egress.open({ ...base, url: 'https://127.0.0.1/' })).rejects.toThrow(code('EGRESS_URL_REFUSED'));
  expect(rig.supervisor.list()[0]).toMatchObject({ name: 'egress', starts: 0 });
});

test('a server whose certificate is for another name is refused', async () => {
  await expect(get('other.example.org')).rejects.toMatchObject({ code: 'EGRESS_TLS_REFUSED' });
  expect(server.seen).toEqual([]);
});

test('a host that is not there is named with the reason', async () => {
  await expect(get('down.example.org')).rejects.toMatchObject({
    code: 'EGRESS_UNREACHABLE',
    details: { host: 'down.example.org', reason: expect.stringContaining('ECONNREFUSED') },
  });
  await expect(get('empty.example.org')).rejects.toThrow(code('EGRESS_UNREACHABLE'));
});

test('more bytes than were allowed end the connection, announced or not', async () => {
  server.answer = (_request, response) => response.writeHead(200, { 'content-length': 100 }).end(Buffer.alloc(100));
  const announced = await get('models.example.org', '/', { maxBytes: 99 });
  await expect(read(announced)).rejects.toMatchObject({ code: 'EGRESS_TOO_LARGE', details: { limit: 99 } });
  server.answer = (_request, response) => {
    response.write(Buffer.alloc(60));
    response.end(Buffer.alloc(60));
  };
  const silent = await get('models.example.org', '/', { maxBytes: 99 });
  await expect(read(silent)).rejects.toThrow(code('EGRESS_TOO_LARGE'));
});

test('a connection that breaks in the middle ends the body with an error', async () => {
  server.answer = (_request, response) => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write('some');
    setImmediate(() => response.destroy());
  };
  const answer = await get('models.example.org');
  await expect(read(answer)).rejects.toThrow(code('EGRESS_BROKEN'));
  await until(() => records().length === 2);
  expect(records()[1]).toMatchObject({ kind: 'end', outcome: 'EGRESS_BROKEN' });
});

test('a reader that leaves early closes the connection', async () => {
  let closed = false;
  server.answer = (_request, response) => {
    response.on('close', () => {
      closed = true;
    });
    response.writeHead(200);
    response.write(randomBytes(1_000_000));
  };
  const answer = await get('models.example.org');
  for await (const chunk of answer.body) {
    expect(chunk.length).toBeGreaterThan(0);
    break;
  }
  await until(() => closed);
  await until(() => records().some((record) => record.outcome === 'CANCELLED'));
});

test('cancelling stops an answer that never comes', async () => {
  server.answer = () => {};
  const abort = new AbortController();
  const opening = get('models.example.org', '/', { signal: abort.signal });
  const refused = expect(opening).rejects.toThrow(code('CANCELLED'));
  await until(() => server.seen.length === 1);
  abort.abort();
  await refused;
});

test('when the guest is killed, the body ends with GUEST_GONE, and its open dial is in the ledger as unknown', async () => {
  server.answer = (_request, response) => response.writeHead(200).write('begun');
  const answer = await get('models.example.org');
  process.kill(rig.supervisor.list()[0]!.pid!, 'SIGKILL');
  await expect(read(answer)).rejects.toThrow(code('GUEST_GONE'));
  server.answer = (_request, response) => response.end('again');
  expect((await read(await get('models.example.org'))).toString()).toBe('again');
  await until(() => records().length === 4);
  expect(records().map((record) => [record.kind, record.outcome])).toEqual([
    ['dial', null],
    ['end', 'unknown'],
    ['dial', null],
    ['end', 'ok'],
  ]);
});

test('the core fetches what it missed from the ledger file', async () => {
  server.answer = (_request, response) => response.end('ok');
  await read(await get('models.example.org'));
  await until(() => records().length === 2);
  await rig.store.write((tx) => tx.run('DELETE FROM egress_ledger'));
  process.kill(rig.supervisor.list()[0]!.pid!, 'SIGKILL');
  await until(() => rig.supervisor.list()[0]!.state === 'gone');
  await read(await get('models.example.org'));
  await until(() => records().length === 4);
  expect(records().map((record) => record.seq)).toEqual([1, 2, 3, 4]);
});

test('the shipped guest starts under its permissions, writes its ledger and takes no ticket but the core’s', async () => {
  let guest: GuestHandle | undefined;
  const supervisor = new Supervisor({ clock: systemClock, log: silentLogger });
  const watched = {
    start(spec: GuestSpec) {
      guest = supervisor.start(spec);
      return guest;
    },
  } as Supervisor;
  const { store: database, directory } = rig;
  const shipped = new Egress({ supervisor: watched, database, clock: systemClock, log: silentLogger, directory });
  shipped.start();
  const facts = { decisionId: 'd', class: 'model-pull', host: 'huggingface.co', port: 443, method: 'GET', path: '/' };
  const forged = mintTicket(newTicketKey(), Date.now(), {
    ...facts,
    headers: {},
    maxBytes: 1,
    actor: null,
    taskId: null,
  });
  await expect(guest!.request('fetch', forged)).rejects.toThrow(code('EGRESS_TICKET_REFUSED'));
  expect(await guest!.request('ledger', { ledger: null, after: 0 })).toMatchObject({ records: [] });
  await shipped.stop();
  await supervisor.stop();
  expect(readFileSync(join(directory, 'egress/ledger.ndjson'), 'utf8')).toContain('"ledger"');
});
