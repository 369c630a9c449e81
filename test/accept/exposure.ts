/**
 * What the box shows to a network: the real daemon in a network namespace of its own with a LAN address and a public
 * one. Its sockets, its files, its guests and its refusals are read from the kernel and from outside.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { PATHS, SUBPROTOCOL } from '../../src/protocol/index.ts';
import { LiveBox } from '../support/live-box.ts';
import { pairDevice } from '../support/paired.ts';
import { assert, Checks, unavailable, waitFor } from './support/checks.ts';
import {
  commandOf,
  environmentOf,
  family,
  isRunning,
  type NetSocket,
  netSockets,
  openFiles,
} from './support/proc-net.ts';

const LAN = '10.78.0.1';
const PUBLIC = '8.8.4.4';
const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};
const ip = (...args: string[]) => spawnSync('ip', args, { encoding: 'utf8' });

if (!process.argv.includes('--inside')) {
  if (process.getuid?.() !== 0) unavailable('network namespaces need root');
  if (ip('-V').error) unavailable('iproute2 is not installed (sh scripts/debian-packages.sh mdns)');
  const name = `jx${process.pid.toString(36)}`;
  if (ip('netns', 'add', name).status !== 0) unavailable('this kernel or container makes no network namespaces');
  process.on('exit', () => ip('netns', 'del', name));
  const self = fileURLToPath(import.meta.url);
  const child = spawn('ip', ['netns', 'exec', name, process.execPath, self, '--inside'], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  child.once('exit', (code) => process.exit(code ?? 1));
} else {
  await inside();
}

async function inside(): Promise<void> {
  ip('link', 'set', 'lo', 'up');
  for (const [name, other, address] of [
    ['eth0', 'cable0', `${LAN}/24`],
    ['wan0', 'cable1', `${PUBLIC}/24`],
    ['docker0', 'cable2', '172.17.0.1/16'],
  ]) {
    const made = ip('link', 'add', name!, 'type', 'veth', 'peer', 'name', other!);
    if (made.status !== 0) unavailable(`no virtual cable: ${made.stderr.trim()}`);
    ip('addr', 'add', address!, 'dev', name!);
    ip('link', 'set', name!, 'up');
    ip('link', 'set', other!, 'up');
  }
  const checks = new Checks();
  const box = await LiveBox.start({ bind: [], args: ['--beacon'] });
  try {
    await look(checks, box);
    await refusals(checks, box);
    await ends(checks, box);
  } finally {
    await box.dispose();
  }
  checks.finish();
}

async function look(checks: Checks, box: LiveBox): Promise<void> {
  const port = Number(box.address.split(':').at(-1));
  const strange: NetSocket[] = [];
  const watch = setInterval(() => strange.push(...outboundOf(box.pid, port)), 20);

  await checks.check('it listens on the TLS port of loopback and LAN addresses, and on nothing else', async () => {
    const open = netSockets().filter((socket) => socket.isListening);
    const wrong = open.filter((socket) => !isExpected(socket, port, box.pid));
    assert(wrong.length === 0, wrong.map(describe).join('; '));
    const addresses = open.filter((socket) => socket.protocol.startsWith('tcp')).map((socket) => socket.address);
    assert(addresses.includes('127.0.0.1') && addresses.includes(LAN), `only on ${addresses.join()}`);
    return addresses.join(', ');
  });

  await checks.check('the console socket is for the box’s own user alone, and so are the files', () => {
    const socket = statSync(box.socketPath);
    assert(socket.isSocket() && (socket.mode & 0o777) === 0o600, `socket mode ${(socket.mode & 0o777).toString(8)}`);
    assert((statSync(box.data).mode & 0o077) === 0, 'the data directory is open to others');
    const open = filesOf(box.data).filter((path) => (statSync(path).mode & 0o077) !== 0);
    // What is not secret is inside a directory that is; keys and the database are closed in themselves too.
    const secret = open.filter((path) => /\/keys\/.*\.(key|pem)$|jingu\.db|jingu\.sock/.test(path) && !isPublic(path));
    assert(secret.length === 0, `open to others: ${secret.join()}`);
  });

  const device = await pairDevice(box, { link: box.link });
  await device.client.connect();
  await device.client.invoke('box.status', {});
  // The way out is started by the first pull. There is no route here, so it ends at the name; the core must not try.
  const pull = await box.run('model.pull', { id: await anyModel(box) }).then(
    () => 'accepted',
    (error: Error) => error.message,
  );
  await waitFor('the egress guest', 20_000, async () =>
    (await guests(box)).some((guest) => guest.name === 'egress' && guest.pid),
  );

  await checks.check('guests have an environment of their own and none of the box’s files', async () => {
    const running = (await guests(box)).filter((guest) => guest.pid !== null);
    for (const { name, pid } of running) {
      const environment = environmentOf(pid!);
      assert(environment.length === 0, `${name} has ${environment.join()}`);
      const held = openFiles(pid!).filter(
        (file) => file.startsWith(box.data) && !file.startsWith(`${box.data}/${name}/`),
      );
      assert(held.length === 0, `${name} holds ${held.join()}`);
      const secrets = commandOf(pid!).match(/key=|secret|token/i);
      assert(!secrets, `${name} shows ${secrets?.[0]} on its command line`);
    }
    assert(running.length > 0, 'no guest is running');
    return running.map((guest) => guest.name).join(', ');
  });

  clearInterval(watch);
  await checks.check('the core opens no connection, not even for a pull', () => {
    assert(strange.length === 0, strange.slice(0, 3).map(describe).join('; '));
    return `pull: ${pull.slice(0, 80)}`;
  });
  device.client.close();
}

async function refusals(checks: Checks, box: LiveBox): Promise<void> {
  const port = Number(box.address.split(':').at(-1));
  const good = `${LAN}:${port}`;
  const cases: [string, Record<string, string>][] = [
    ['a rebound name', { host: `rebind.example.net:${port}` }],
    ['the name without its port', { host: LAN }],
    ['another port', { host: `${LAN}:1` }],
    ['a public address as name', { host: `${PUBLIC}:${port}` }],
    ['userinfo in the name', { host: `${LAN}:${port}@evil.example` }],
    ['an empty name', { host: '' }],
    ['a page elsewhere', { host: good, origin: 'https://evil.example' }],
    ['a page without origin (null)', { host: good, origin: 'null' }],
    ['the same page over http', { host: good, origin: `http://${good}` }],
    ['a page that only begins alike', { host: good, origin: `https://${good}.evil.example` }],
    ['a file', { host: good, origin: 'file://' }],
  ];
  for (const [name, headers] of cases) {
    await checks.check(`${name} is refused over HTTP and WebSocket`, async () => {
      for (const path of ['/', '/livez', '/api/op/box.status']) {
        const plain = await ask(port, path, headers);
        assert(plain.status === 403 || plain.status === 400, `${path} answered ${plain.status}`);
      }
      const upgrade = await ask(port, PATHS.socket, { ...headers, ...UPGRADE });
      assert(upgrade.status === 403 || upgrade.status === 400, `the upgrade answered ${upgrade.status}`);
    });
  }
  await checks.check('its own name and page are served, so the refusals above mean something', async () => {
    const plain = await ask(port, '/livez', { host: good, origin: `https://${good}` });
    assert(plain.status === 200, `answered ${plain.status}`);
    const headers = { host: good, origin: `https://${good}`, 'sec-websocket-protocol': SUBPROTOCOL, ...UPGRADE };
    const upgrade = await ask(port, PATHS.socket, headers);
    assert(upgrade.status === 101, `the upgrade answered ${upgrade.status}`);
  });
  await checks.check('TLS below 1.3 and plain HTTP get nothing', async () => {
    const outcome = await new Promise<string>((resolve) => {
      const old = connectTls({ host: LAN, port, maxVersion: 'TLSv1.2', rejectUnauthorized: false });
      old.once('secureConnect', () => resolve('connected'));
      old.once('error', (error) => resolve(error.message));
    });
    assert(outcome !== 'connected', 'TLS 1.2 was accepted');
    const plain = spawnSync(process.execPath, [
      '-e',
      `fetch('http://${good}/').then((r) => console.log(r.status), () => console.log('nothing'))`,
    ]);
    assert(plain.stdout.toString().trim() === 'nothing', `plain HTTP got ${plain.stdout}`);
  });
  for (const address of [PUBLIC, '0.0.0.0', '::', 'example.org']) {
    await checks.check(`binding ${address} is refused with the reason, and only loopback is served`, async () => {
      await using odd = await LiveBox.start({ bind: [address] });
      assert(odd.stdout.includes('RECOVERY MODE'), 'it is not in recovery mode');
      assert(odd.stdout.includes(address), `the address is not named: ${odd.stdout}`);
      const open = netSockets().filter((socket) => socket.isListening && socket.pid === odd.pid);
      const wrong = open.filter((socket) => !['127.0.0.1', '::1'].includes(socket.address));
      assert(open.length > 0 && wrong.length === 0, wrong.map(describe).join('; '));
    });
  }
  await checks.check('a port in use is named, and nothing is left running', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port: number } = taken.address() as { port: number };
    const said = await startFailure({ port: number });
    taken.close();
    assert(said.includes(String(number)) && /in use|PORT/i.test(said), said);
  });
}

async function ends(checks: Checks, box: LiveBox): Promise<void> {
  await checks.check('after kill -9 of the daemon no guest is left', async () => {
    const all = family(box.pid);
    assert(all.length > 1, 'there was no guest to begin with');
    await box.kill();
    const { afterMs } = await waitFor('all ended', 15_000, () => !all.some(isRunning));
    return `${all.length - 1} processes, ${afterMs} ms`;
  });
  await checks.check('it starts again on the same data, and a stop leaves no process and no socket', async () => {
    await box.restart();
    await box.run('model.pull', { id: await anyModel(box) }).catch(() => {});
    const all = family(box.pid);
    const { code } = await box.stop();
    assert(code === 0, `ended with ${code}`);
    await waitFor('all ended', 5000, () => !all.some(isRunning));
    const left = netSockets().filter((socket) => socket.isListening);
    assert(left.length === 0, left.map(describe).join('; '));
  });
}

interface GuestLine {
  name: string;
  pid: number | null;
}

async function guests(box: LiveBox): Promise<GuestLine[]> {
  return (await box.run<{ guests: GuestLine[] }>('box.status')).guests;
}

async function anyModel(box: LiveBox): Promise<string> {
  const { models } = await box.run<{ models: { id: string }[] }>('model.list');
  assert(models[0], 'the catalogue is empty');
  return models[0].id;
}

function isExpected(socket: NetSocket, port: number, core: number): boolean {
  const isOurs = socket.pid !== null && family(core).includes(socket.pid);
  if (socket.protocol.startsWith('tcp')) {
    return socket.port === port && ['127.0.0.1', '::1', LAN].includes(socket.address) && socket.pid === core;
  }
  // The beacon answers multicast DNS (RFC 6762 fixes the port); the core itself has no datagram socket.
  return socket.port === 5353 && isOurs && socket.pid !== core && commandOf(socket.pid!).includes('beacon');
}

/** TCP that the core began itself: accepted connections have the TLS port on this side. */
function outboundOf(core: number, port: number): NetSocket[] {
  return netSockets().filter(
    (socket) =>
      socket.pid === core && !(socket.protocol.startsWith('tcp') && (socket.port === port || socket.isListening)),
  );
}

function describe(socket: NetSocket): string {
  const who = socket.pid === null ? 'nobody' : commandOf(socket.pid).slice(0, 60);
  return `${socket.protocol} ${socket.address}:${socket.port} -> ${socket.remote}:${socket.remotePort} by ${who}`;
}

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Certificates are shown to everybody at each handshake. */
function isPublic(path: string): boolean {
  return /(cert|ca|leaf)[^/]*\.pem$|\.crt$/.test(path);
}

function ask(port: number, path: string, headers: Record<string, string>): Promise<{ status: number }> {
  return new Promise((resolve, reject) => {
    const call = request({ host: LAN, port, path, headers, rejectUnauthorized: false, agent: false, setHost: false });
    call.on('response', (answer) => {
      answer.resume();
      resolve({ status: answer.statusCode ?? 0 });
    });
    call.on('upgrade', (_answer, socket) => {
      socket.destroy();
      resolve({ status: 101 });
    });
    call.on('error', reject);
    call.end();
  });
}

async function startFailure(options: ConstructorParameters<typeof LiveBox>[0]): Promise<string> {
  const odd = new LiveBox(options);
  try {
    await odd.start();
    return `it started: ${odd.stdout.slice(0, 200)}`;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await odd.dispose();
  }
}
