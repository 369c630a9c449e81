/**
 * Pairing and sessions over real sockets: the real daemon, devices that pair by its printed link, and everybody who
 * must not get in. Attackers call from loopback addresses of their own, since ten failures lock an address out.
 */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CallError } from '../../src/client/index.ts';
import { DeviceFolder, nodeTransport, openFolder, pairFolder } from '../../src/client-node/index.ts';
import { Checks } from '../support/checks.ts';
import { LiveBox } from '../support/live-box.ts';
import { pairDevice } from '../support/paired.ts';
import { TestPhone } from '../support/phone.ts';
import { Relay } from '../support/relay.ts';
import { Stranger } from '../support/stranger.ts';
import { WireSession } from '../support/wire-session.ts';

const checks = new Checks();
const check = (promise: string, fn: () => boolean | Promise<boolean>) => checks.check(promise, fn);
const app = { id: 'accept', version: '1', platform: 'node' };
const secrets: string[] = [];
let people = 0;
let sources = 1;
/** The next source address nobody has used yet. */
const address = () => `127.0.${sources >> 8}.${sources++ & 255}`;

interface Opened {
  pairingId: string;
  link: string;
  page: string;
}

const box = new LiveBox({ port: await freePort() });
await box.start();
try {
  await honestDevices();
  await nobodyElse();
  await between();
  await guessing();
  await sessions();
  await revocation();
  await crashes();
  await nothingKept();
} finally {
  await box.dispose();
}
process.exitCode = checks.end();

async function honestDevices(): Promise<void> {
  console.log('--- devices that may come in');
  const device = await pairDevice(box, { link: box.link, person: 'Li Wei' });
  await check('a program pairs by the printed link and connects as a member', async () => {
    const { caller } = await device.client.connect();
    return caller.roles.join() === 'member' && caller.personName === 'Li Wei' && caller.deviceId === device.deviceId;
  });
  await check('the connection is to the very TLS key of the link', () => {
    return device.client.seen?.spki === /k=([\w-]{43})/.exec(box.link)![1];
  });
  device.client.close();
  for (const [what, options] of [
    ['a phone with P-256', { keyAlg: 'p256' as const }],
    ['a browser', { browser: true }],
  ] as const) {
    await check(`${what} pairs, and both screens show the same six digits`, async () => {
      const phone = await pairPhone({ ...options });
      return (await WireSession.open(box.address, phone)).hello!.caller.deviceId === phone.grant!.deviceId;
    });
  }
  await check(
    'before the confirmation there is no device, and the administrator sees name, class and address',
    async () => {
      const { pairingId, link } = await open();
      const phone = newPhone({ name: 'Counter tablet' });
      await phone.join(peer(phone), link);
      const shown = await box.run<{ device: Record<string, unknown> }>('pair.show', { pairingId });
      const status = await phone.status(peer(phone));
      await box.run('pair.cancel', { pairingId });
      const { device: seen } = shown;
      return (
        status.state === 'waiting' &&
        seen['name'] === 'Counter tablet' &&
        seen['class'] === 'native' &&
        seen['address'] === phone.source.address &&
        seen['check'] === phone.check
      );
    },
  );
  await check('a claim to be an administrator is shown and gives nothing', async () => {
    const { pairingId, link } = await open();
    const phone = newPhone({});
    phone.requestedRole = 'system-admin';
    await phone.join(peer(phone), link);
    const { device: seen } = await box.run<{ device: { requestedRole: string } }>('pair.show', { pairingId });
    const refused = await codeOf(
      box.run('pair.confirm', { pairingId, check: phone.check, personName: 'Eve', role: 'system-admin' }),
    );
    await confirm(pairingId, phone);
    const requestedScopes = ['device.admin', 'box.admin', 'doc.read'];
    const session = await WireSession.open(box.address, phone, { requestedScopes });
    const denied = await codeOf(session.call('device.list', { input: {} }));
    const extra = await codeOf(WireSession.open(box.address, phone, { role: 'system-admin' } as never));
    return (
      seen.requestedRole === 'system-admin' &&
      refused === 'ROLE_REFUSED' &&
      session.hello!.caller.scopes.join() === 'doc.read' &&
      denied === 'SCOPE_MISSING' &&
      extra === 'INPUT_INVALID'
    );
  });
}

async function nobodyElse(): Promise<void> {
  console.log('--- links that must not work');
  await check('a spent link is refused, to the same device and to others', async () => {
    const { pairingId, link } = await open();
    const phone = newPhone({});
    await phone.join(peer(phone), link);
    await confirm(pairingId, phone);
    const other = newPhone({}).scan(link);
    const again = await codeOf(phone.begin(peer(phone)));
    return again === 'PAIRING_LINK_INVALID' && (await codeOf(other.begin(peer(other)))) === 'PAIRING_LINK_INVALID';
  });
  await check('of two phones on one link the second is refused, reported, and the first goes on', async () => {
    const { pairingId, link } = await open();
    const [first, second] = [newPhone({}), newPhone({})];
    await first.join(peer(first), link);
    second.scan(link);
    const refused = await codeOf(second.begin(peer(second)));
    const { records } = await box.run<{ records: { body: Record<string, unknown> }[] }>('audit.list', { max: 20 });
    await confirm(pairingId, first);
    const session = await WireSession.open(box.address, first);
    const isReported = records.some(
      ({ body }) =>
        body['reason'] === 'second-device' &&
        body['pairingId'] === pairingId &&
        body['address'] === second.source.address,
    );
    return refused === 'PAIRING_TAKEN' && isReported && session.hello !== undefined;
  });
  await check('of eight phones that prove at once exactly one is bound', async () => {
    const { pairingId, link } = await open();
    const phones = Array.from({ length: 8 }, () => newPhone({}).scan(link));
    for (const phone of phones) await phone.begin(peer(phone));
    const codes = await Promise.all(phones.map((phone) => codeOf(phone.prove(peer(phone)))));
    const winners = phones.filter((_, n) => codes[n] === undefined);
    await confirm(pairingId, winners[0]!);
    const { devices } = await box.run<{ devices: { deviceId: string }[] }>('device.list');
    const mine = devices.filter((d) => d.deviceId === winners[0]!.grant!.deviceId);
    return winners.length === 1 && codes.filter((c) => c === 'PAIRING_TAKEN').length === 7 && mine.length === 1;
  });
  await check('an expired window is closed, though the phone had proved itself', async () => {
    const { pairingId, link } = await open({ seconds: 10 });
    const [early, late] = [newPhone({}), newPhone({})];
    await early.join(peer(early), link);
    const waiting = early.status(peer(early), 30_000);
    const ended = await waiting;
    late.scan(link);
    const refused = await codeOf(late.begin(peer(late)));
    const input = { pairingId, check: early.check, personName: 'Too late' };
    return (
      ended.state === 'closed' &&
      refused === 'PAIRING_LINK_INVALID' &&
      (await codeOf(box.run('pair.confirm', input))) !== undefined
    );
  });
}

async function between(): Promise<void> {
  console.log('--- somebody in between');
  const relay = await Relay.start(box.address);
  const via = nodeTransport({ via: { host: '127.0.0.1', port: relay.port } });
  await check('a program refuses a link with another TLS key before it says anything', async () => {
    const { pairingId, link } = await open();
    const folder = new DeviceFolder(mkdtempSync(join(tmpdir(), 'jingu-device-')));
    const forged = link.replace(/k=[\w-]{43}/, `k=${relay.spki}`);
    const refused = await codeOf(pairFolder({ link: forged, folder }));
    const throughRelay = await codeOf(pairFolder({ link, folder, transport: via }));
    await box.run('pair.cancel', { pairingId });
    return refused === 'CLIENT_BOX_MISMATCH' && throughRelay === 'CLIENT_BOX_MISMATCH' && relay.overheard === '';
  });
  await check('the box refuses a phone that saw the relay, and says so to the administrator', async () => {
    const { pairingId, link } = await open();
    const phone = newPhone({}).scan(link);
    phone.spki = relay.spki;
    const code = await codeOf(phone.begin(new Stranger(`127.0.0.1:${relay.port}`, phone.source.address).pairing));
    // The relay's own host name is not on the list: it must rewrite the header to be heard at all.
    relay.rewrite = (bytes) => bytes.replaceAll(`127.0.0.1:${relay.port}`, box.address);
    const heard = await codeOf(phone.begin(new Stranger(`127.0.0.1:${relay.port}`, phone.source.address).pairing));
    const { records } = await box.run<{ records: { body: Record<string, unknown> }[] }>('audit.list', { max: 10 });
    await box.run('pair.cancel', { pairingId });
    return (
      code === 'HOST_REFUSED' &&
      heard === 'SPKI_MISMATCH' &&
      records.some(({ body }) => body['reason'] === 'spki-mismatch')
    );
  });
  await check('a relay that rewrites the TLS key in the message breaks the proof', async () => {
    const { pairingId, link } = await open();
    const phone = newPhone({}).scan(link);
    phone.spki = relay.spki;
    relay.rewrite = (bytes) =>
      bytes.replaceAll(`127.0.0.1:${relay.port}`, box.address).replaceAll(relay.spki, phone.link!.spki);
    const through = new Stranger(`127.0.0.1:${relay.port}`, phone.source.address).pairing;
    await phone.begin(through);
    const code = await codeOf(phone.prove(through));
    await box.run('pair.cancel', { pairingId });
    return code === 'PAIRING_LINK_INVALID';
  });
  await check(
    'a paired program does not talk to a relay, and the box does not take what it signed for one',
    async () => {
      relay.rewrite = (bytes) => bytes.replaceAll(`127.0.0.1:${relay.port}`, box.address);
      const device = await pairDevice(box, { person: name() });
      const { client } = await openFolder({ folder: device.folder, app, transport: via });
      const refused = await codeOf(client.connect());
      client.close();
      const phone = await pairPhone({});
      const direct = await codeOf(WireSession.open(box.address, phone, { spki: relay.spki }));
      return /SPKI_MISMATCH|CLIENT_BOX_MISMATCH/.test(refused ?? '') && direct === 'SPKI_MISMATCH';
    },
  );
  await relay.stop();
}

async function guessing(): Promise<void> {
  console.log('--- guessing');
  await check(
    'the eleventh guess of one source meets a lock, loopback included, and others are not touched',
    async () => {
      const from = address();
      const guess = () => {
        const phone = new TestPhone({ address: from }).scan(box.link);
        phone.link!.pairingId = `pair_${'0'.repeat(26)}`;
        return codeOf(phone.begin(peer(phone)));
      };
      const codes: (string | undefined)[] = [];
      for (let n = 0; n < 11; n++) codes.push(await guess());
      const { pairingId, link } = await open();
      const honest = newPhone({});
      await honest.join(peer(honest), link);
      await box.run('pair.cancel', { pairingId });
      return codes.slice(0, 10).every((c) => c === 'PAIRING_LINK_INVALID') && codes[10] === 'LOCKED_OUT';
    },
  );
  await check('after twenty wrong secrets the twenty-first guess, even a right one, meets a locked box', async () => {
    const { link } = await open({ seconds: 600 });
    const codes: (string | undefined)[] = [];
    for (let n = 0; n < 20; n++) {
      const phone = newPhone({}).scan(link);
      phone.link!.secret = 'A'.repeat(22);
      await phone.begin(peer(phone));
      codes.push(await codeOf(phone.prove(peer(phone))));
    }
    const right = newPhone({});
    const locked = await codeOf(right.join(peer(right), link));
    // A window opened at the console lifts the lock: somebody stands there now.
    const { pairingId, link: fresh } = await open();
    const lifted = await codeOf(right.join(peer(right), fresh));
    await box.run('pair.cancel', { pairingId });
    return codes.every((c) => c === 'PAIRING_LINK_INVALID') && locked === 'PAIRING_LOCKED' && lifted === undefined;
  });
}

async function sessions(): Promise<void> {
  console.log('--- sessions');
  const phone = await pairPhone({});
  const session = await WireSession.open(box.address, phone);
  const replay = (frame: object) => async () => {
    const call = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'session.connect', params: frame });
    const thief = new Stranger(box.address, address());
    const { answers, closeCode } = await thief.frames([call]);
    const [answer] = answers as { error?: { data: { code: string } } }[];
    return answer?.error?.data.code === 'SIGNATURE_INVALID' && closeCode === 4001;
  };
  await check('a recorded connect opens no second socket', replay(session.connectFrame!));
  await check('a socket takes one connect only', async () => {
    return (await codeOf(session.call('session.connect', session.connectFrame!))) === 'REQUEST_INVALID';
  });
  await check('a bearer is good for REST and opens no socket', async () => {
    const { bearer } = (await session.call('session.bearer', {})) as { bearer: string };
    secrets.push(bearer);
    const authorization = `Bearer ${bearer}`;
    const stranger = new Stranger(box.address, address());
    const ok = await stranger.http('POST', '/api/op/box.status', { authorization }, '{"input":{}}');
    const call = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'box.status', params: { input: {} } });
    const { answers, closeCode } = await stranger.frames([call], { authorization });
    return ok.status === 200 && closeCode === 4001 && answers.every((answer) => !('result' in answer));
  });
  await check('a browser is bound to the page it signed for', async () => {
    const browser = await pairPhone({ browser: true });
    return (await codeOfReplayedOrigin(browser)) === 'SIGNATURE_INVALID';
  });
  session.close();
}

/** Signs for the page's origin, arrives without one. */
async function codeOfReplayedOrigin(browser: TestPhone): Promise<string | undefined> {
  const stranger = new Stranger(box.address, address());
  const { answers } = await stranger.frames((challenge) => [
    JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'session.connect',
      params: browser.connectMessage(challenge as never),
    }),
  ]);
  return (answers[0] as { error?: { data: { code: string } } }).error?.data.code;
}

async function revocation(): Promise<void> {
  console.log('--- revocation');
  const dead = async (how: (phone: TestPhone) => Promise<unknown>, expected: RegExp) => {
    const phone = await pairPhone({});
    const session = await WireSession.open(box.address, phone);
    const { bearer } = (await session.call('session.bearer', {})) as { bearer: string };
    secrets.push(bearer);
    const headers = { authorization: `Bearer ${bearer}` };
    const stream = await new Stranger(box.address, phone.source.address).follow('/api/events/approvals', headers);
    const from = performance.now();
    await how(phone);
    const { code, at } = await session.closed;
    const streamed = await stream.ended;
    const rest = await new Stranger(box.address, phone.source.address).http(
      'POST',
      '/api/op/box.status',
      headers,
      '{"input":{}}',
    );
    const again = await codeOf(WireSession.open(box.address, phone));
    const all = performance.now();
    console.log(
      `     socket closed ${(at - from).toFixed(1)} ms after the call was sent, everything refused after ${(all - from).toFixed(1)} ms`,
    );
    return (
      code === 4003 &&
      at - from < 1000 &&
      streamed - from < 1000 &&
      all - from < 1000 &&
      rest.status === 401 &&
      expected.test(again ?? '')
    );
  };
  await check('a revoked device is dead in under a second: socket, bearer and connect', () =>
    dead((phone) => box.run('device.revoke', { deviceId: phone.grant!.deviceId }), /^DEVICE_REVOKED$/),
  );
  await check('so is every device of a suspended person', () =>
    dead((phone) => box.run('person.suspend', { personId: phone.grant!.personId }), /^PERSON_SUSPENDED$/),
  );
  await check('changed rights end the session, not the pairing: the client comes back by itself', async () => {
    const device = await pairDevice(box, { person: name() });
    const change = async (how: () => Promise<unknown>) => {
      const back = new Promise<string[]>((resolve) => device.client.on('hello', ({ caller }) => resolve(caller.roles)));
      await how();
      device.client.wake();
      return await back;
    };
    await device.client.connect();
    const { personId, deviceId } = device;
    await change(() => box.run('person.setRoles', { personId, roles: ['member', 'auditor'] }, { confirm: true }));
    const roles = await change(() => box.run('device.setCeiling', { deviceId, ceiling: 'full' }, { confirm: true }));
    await change(() => box.run('session.endAll'));
    device.client.close();
    return roles.join() === 'member,auditor' && device.client.connects === 4;
  });
  await check('a token dies at once, and is shown once', async () => {
    const made = await box.run<{ secret: string; token: { tokenId: string } }>('token.create', { name: 'office page' });
    secrets.push(made.secret);
    const stranger = new Stranger(box.address, address());
    const ask = () => stranger.http('GET', '/v1/models', { authorization: `Bearer ${made.secret}` });
    const before = await ask();
    await box.run('token.revoke', { tokenId: made.token.tokenId });
    const after = await ask();
    return before.status === 200 && after.status === 401;
  });
}

async function crashes(): Promise<void> {
  console.log('--- kill -9');
  await check('between proof and confirmation: the window is closed and nobody is let in', async () => {
    const { pairingId, link } = await open();
    const phone = newPhone({});
    await phone.join(peer(phone), link);
    await box.kill();
    await box.restart();
    const refused = await codeOf(box.run('pair.confirm', { pairingId, check: phone.check, personName: name() }));
    const status = await phone.status(peer(phone));
    const again = await codeOf(phone.begin(peer(phone)));
    return refused === 'PAIRING_NOT_READY' && status.state === 'closed' && again === 'PAIRING_LINK_INVALID';
  });
  await check('after the confirmation: the phone asks again and has its grant', async () => {
    const { pairingId, link } = await open();
    const phone = newPhone({});
    await phone.join(peer(phone), link);
    await box.run('pair.confirm', { pairingId, check: phone.check, personName: name() });
    await box.kill();
    await box.restart();
    const { state } = await phone.status(peer(phone));
    const session = await WireSession.open(box.address, phone);
    return state === 'confirmed' && session.hello!.caller.deviceId === phone.grant!.deviceId;
  });
  await check('of a connected device: it proves itself anew to the same box, by itself', async () => {
    const device = await pairDevice(box, { person: name() });
    const before = await device.client.connect();
    const back = new Promise<string>((resolve) =>
      device.client.on('hello', (hello) => resolve(hello.session.sessionId)),
    );
    await box.kill();
    await box.restart();
    device.client.wake();
    const after = await back;
    device.client.close();
    return after !== before.session.sessionId && device.client.connects === 2;
  });
}

async function nothingKept(): Promise<void> {
  console.log('--- what is left');
  await check('no secret of a link, bearer or token is in any file of the box, nor in its log', () => {
    const files = readdirSync(box.data, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    const texts = files.map((file) => readFileSync(join(file.parentPath, file.name)));
    texts.push(Buffer.from(box.stderr));
    return secrets.length > 20 && secrets.every((secret) => texts.every((text) => !text.includes(secret)));
  });
  await check('the record of all this verifies', async () => {
    return (await box.run<{ verdict: string }>('audit.verify')).verdict === 'intact';
  });
}

function name(): string {
  return `Colleague ${++people}`;
}

function newPhone(options: { keyAlg?: 'p256'; browser?: boolean; name?: string }): TestPhone {
  const phone = new TestPhone({ ...options, address: address(), origin: `https://${box.address}` });
  if (options.name) phone.name = options.name;
  return phone;
}

function peer(phone: TestPhone) {
  return new Stranger(box.address, phone.source.address, phone.source.origin).pairing;
}

async function open(input: object = {}): Promise<Opened> {
  const opened = await box.run<Opened>('pair.open', input);
  secrets.push(/s=([\w-]{22})/.exec(opened.link)![1]!);
  return opened;
}

async function confirm(pairingId: string, phone: TestPhone): Promise<void> {
  await box.run('pair.confirm', { pairingId, check: phone.check, personName: name() });
  await phone.status(peer(phone));
}

async function pairPhone(options: { keyAlg?: 'p256'; browser?: boolean }): Promise<TestPhone> {
  const { pairingId, link, page } = await open();
  const phone = newPhone(options);
  await phone.join(peer(phone), options.browser ? page : link);
  await confirm(pairingId, phone);
  return phone;
}

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (error instanceof CallError) return error.code;
    return (
      (error as { code?: string; wire?: { code: string } }).wire?.code ??
      (error as { code?: string }).code ??
      String(error)
    );
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
