/**
 * Discovery over real links: two network namespaces and a cable between them, made here and taken away again. One is
 * the box with the real supervisor and beacon, the other a machine that resolves, lies, and throws garbage.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { assert, Checks, unavailable, waitFor } from './support/checks.ts';
import { JsonProcess } from './support/json-process.ts';
import type { DnsRecord } from './support/mdns-wire.ts';

const run = (...args: string[]) => spawnSync('ip', args, { encoding: 'utf8' });
if (process.getuid?.() !== 0) unavailable('network namespaces need root');
if (run('-V').error) unavailable('iproute2 is not installed (sh scripts/debian-packages.sh mdns)');

const mark = `jt${process.pid.toString(36)}`;
const BOX = `${mark}-box`;
const PEER = `${mark}-peer`;
const ip = (...args: string[]) => {
  const done = run(...args);
  if (done.status !== 0) throw new Error(`ip ${args.join(' ')}: ${done.stderr.trim()}`);
};
const inBox = (...args: string[]) => ip('-n', BOX, ...args);

const checks = new Checks();
const processes: JsonProcess[] = [];
let cleaned = false;
function cleanUp(): void {
  if (cleaned) return;
  cleaned = true;
  for (const each of processes) if (each.pid > 0) spawnSync('kill', ['-9', String(each.pid)]);
  for (const name of [BOX, PEER]) run('netns', 'del', name);
}
process.on('exit', cleanUp);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

if (run('netns', 'add', BOX).status !== 0) unavailable('this kernel or container makes no network namespaces');
ip('netns', 'add', PEER);
try {
  ip('link', 'add', 'eth0', 'netns', BOX, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', PEER);
} catch (error) {
  unavailable(`no virtual cable: ${(error as Error).message}`);
}
// What a box with containers has beside its network card; nobody on the LAN can use these addresses.
ip('link', 'add', 'docker0', 'netns', BOX, 'type', 'veth', 'peer', 'name', 'veth7f3', 'netns', BOX);
ip('link', 'add', 'br-5a5a', 'netns', BOX, 'type', 'veth', 'peer', 'name', 'tun9', 'netns', BOX);
const unwanted = { docker0: '172.17.0.1', veth7f3: '172.17.0.2', 'br-5a5a': '172.18.0.1', tun9: '10.200.0.1' };
for (const [name, address] of Object.entries(unwanted)) {
  inBox('addr', 'add', `${address}/24`, 'dev', name);
  inBox('link', 'set', name, 'up');
}
inBox('link', 'set', 'lo', 'up');
inBox('addr', 'add', '10.77.0.1/24', 'dev', 'eth0');
inBox('link', 'set', 'eth0', 'up');
ip('-n', PEER, 'link', 'set', 'lo', 'up');
ip('-n', PEER, 'addr', 'add', '10.77.0.2/24', 'dev', 'eth0');
ip('-n', PEER, 'link', 'set', 'eth0', 'up');

const script = (name: string) => fileURLToPath(new URL(`./support/${name}`, import.meta.url));
function inside(namespace: string, file: string, ...args: string[]): JsonProcess {
  const made = new JsonProcess('ip', ['netns', 'exec', namespace, process.execPath, script(file), ...args]);
  processes.push(made);
  return made;
}

interface Status {
  state: string;
  reason: string | null;
  name: string | null;
  interfaces: string[];
  guest: { state: string; starts: number } | null;
}
type Heard = DnsRecord & { from: string };

const box = inside(BOX, 'mdns-box.ts');
const peer = inside(PEER, 'mdns-peer.ts', '10.77.0.2', '10.77.0.1');
const plan = {
  port: 7443,
  addresses: ['0.0.0.0', '::'],
  boxId: 'qxd3v7m1k9wz0aaaaaaaaaaa',
  label: '三楼 Jingu',
  protocol: { min: 1, max: 1 },
};
const ID = 'id=qxd3v7m1k9wz';
const TYPE = '_jingu._tcp.local.';

const status = () => box.ask<Status>('status');
const heard = async () => (await peer.ask<{ records: Heard[] }>('heard')).records;
const announced = (ms = 20_000) =>
  waitFor('announced', ms, async () => {
    const now = await status();
    return now.state === 'announced' && now;
  });

/** Asks as a phone does, until PTR, SRV, TXT and A of the box itself are there. */
async function resolveBox(
  ms = 10_000,
): Promise<{ instance: string; port: number; txt: string[]; addresses: string[] }> {
  await peer.ask('clear');
  const { value } = await waitFor('the box is resolved', ms, async () => {
    await peer.ask('query', { name: TYPE, type: 'PTR' });
    const records = (await heard()).filter((record) => record.from !== '10.77.0.2' && record.ttl > 0);
    const txt = records.find((record) => record.type === 'TXT' && (record.data as string[]).includes(ID));
    const srv = records.find((record) => record.type === 'SRV' && record.name === txt?.name);
    if (!txt || !srv) return undefined;
    const { port, target } = srv.data as { port: number; target: string };
    const hosts = records.filter((record) => record.type === 'A' && record.name === target);
    if (hosts.length === 0) return undefined;
    const addresses = [...new Set(hosts.map((record) => record.data as string))];
    return { instance: txt.name, port, txt: txt.data as string[], addresses };
  });
  return value;
}

try {
  await checks.check('with only loopback bound nothing is started and nothing is said', async () => {
    await box.ask('start', { plan: { ...plan, addresses: ['127.0.0.1', '::1'] } });
    const now = await status();
    assert(now.state === 'silent' && now.guest === null, JSON.stringify(now));
    await peer.ask('query', { name: TYPE, type: 'PTR' });
    // The whole time in which an answer or an announcement would come (RFC 6762: 120 ms, 1 s) and more.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert((await heard()).length === 0, 'something was heard');
    await box.ask('stop');
  });

  await checks.check('a peer resolves the box: name, port, TXT and address', async () => {
    await box.ask('start', { plan });
    await announced();
    const found = await resolveBox();
    assert(found.instance === `三楼 Jingu.${TYPE}`, found.instance);
    assert(found.port === 7443, `port ${found.port}`);
    assert(found.addresses.join() === '10.77.0.1', found.addresses.join());
    const expected = ['v=1', 'proto=1-1', ID, 'name=三楼 Jingu'];
    assert(JSON.stringify(found.txt) === JSON.stringify(expected), JSON.stringify(found.txt));
  });

  await checks.check(
    'no record has a lifetime of 0, and no address of a container or tunnel is announced',
    async () => {
      const records = await heard();
      assert(records.length > 0, 'nothing heard');
      assert(
        records.every((record) => record.ttl > 0),
        'a record with TTL 0',
      );
      const addresses = records.filter((record) => record.type === 'A').map((record) => record.data as string);
      const wrong = addresses.filter((address) => address !== '10.77.0.1');
      assert(wrong.length === 0, `announced: ${wrong.join()}`);
      assert((await status()).interfaces.join() === 'eth0', 'another interface is used');
    },
  );

  await checks.check('20,000 malformed packets: no restart, and it still answers', async () => {
    const claim = { instance: `三楼 Jingu.${TYPE}`, host: 'jingu-qxd3v7m1k9wz.local.', id: 'other', port: 7443 };
    const samples = [await peer.ask<string>('sample', claim)];
    for (let round = 0; round < 20; round++) await peer.ask('fuzz', { count: 1000, seed: 1 + round, samples });
    const now = await waitFor('calm again', 30_000, async () => {
      const seen = await status();
      return seen.state === 'announced' && seen;
    });
    assert(now.value.guest?.starts === 1, `it was started ${now.value.guest?.starts} times`);
    await resolveBox(20_000);
    return 'seeds 1 to 20';
  });

  await checks.check(
    'a peer that claims the name with another id neither stops the beacon nor is trusted',
    async () => {
      const claim = {
        instance: `三楼 Jingu.${TYPE}`,
        host: 'jingu-qxd3v7m1k9wz.local.',
        id: 'impostor0000',
        port: 7443,
      };
      for (let round = 0; round < 20; round++) await peer.ask('spoof', { ...claim, times: 10 });
      const found = await resolveBox(20_000);
      assert(found.txt.includes(ID), 'its TXT changed');
      const now = await status();
      assert(now.guest?.starts === 1, `it was started ${now.guest?.starts} times`);
      // A client that followed the lie meets another key and says nothing to it; the box itself it still knows.
      const pin = await box.ask<string>('spki');
      const liar = await peer.ask<string>('connect', { host: '10.77.0.2', pin });
      assert(liar === 'CLIENT_BOX_MISMATCH', `the impostor: ${liar}`);
      const real = await peer.ask<string>('connect', { host: '10.77.0.1', pin });
      assert(real !== 'CLIENT_BOX_MISMATCH', `the box: ${real}`);
      return `now called ${found.instance.split('.')[0]}`;
    },
  );

  await checks.check('a change of address is announced within 5 s', async () => {
    await peer.ask('clear');
    inBox('addr', 'del', '10.77.0.1/24', 'dev', 'eth0');
    inBox('addr', 'add', '10.77.0.9/24', 'dev', 'eth0');
    const { afterMs } = await waitFor('the new address', 5000, async () =>
      (await heard()).some((record) => record.type === 'A' && record.data === '10.77.0.9' && record.ttl > 0),
    );
    const found = await resolveBox();
    assert(found.addresses.join() === '10.77.0.9', `a stale address: ${found.addresses.join()}`);
    return `${afterMs} ms`;
  });

  await checks.check('50 flaps of the link: no restart, and it is announced again', async () => {
    for (let flap = 0; flap < 50; flap++) {
      inBox('link', 'set', 'eth0', 'down');
      // Some shorter, some longer than the time the beacon takes to settle or to probe.
      await new Promise((resolve) => setTimeout(resolve, (flap * 37) % 400));
      inBox('link', 'set', 'eth0', 'up');
      await new Promise((resolve) => setTimeout(resolve, (flap * 91) % 1700));
    }
    await announced();
    const found = await resolveBox(15_000);
    assert(found.addresses.join() === '10.77.0.9', found.addresses.join());
    const now = await status();
    assert(now.guest?.starts === 1, `it was started ${now.guest?.starts} times`);
  });

  await checks.check('without multicast it is degraded and says why, and comes back with it', async () => {
    inBox('link', 'set', 'eth0', 'multicast', 'off');
    const degraded = await waitFor('degraded', 10_000, async () => {
      const now = await status();
      return now.state === 'degraded' && now;
    });
    assert(degraded.value.reason !== null, 'no reason');
    inBox('link', 'set', 'eth0', 'multicast', 'on');
    await announced();
    await resolveBox();
    assert((await status()).guest?.starts === 1, 'it was restarted');
    return degraded.value.reason ?? '';
  });

  await checks.check('with IPv6 alone it is degraded, not gone', async () => {
    inBox('addr', 'del', '10.77.0.9/24', 'dev', 'eth0');
    await waitFor('degraded', 10_000, async () => (await status()).state === 'degraded');
    inBox('addr', 'add', '10.77.0.1/24', 'dev', 'eth0');
    await announced();
    assert((await status()).guest?.starts === 1, 'it was restarted');
  });

  await checks.check('a killed beacon comes back by itself', async () => {
    await box.ask('kill');
    await waitFor('a second start', 15_000, async () => {
      const now = await status();
      return now.guest?.starts === 2 && now.state === 'announced';
    });
    await resolveBox();
  });

  await checks.check('it says goodbye when it stops', async () => {
    await peer.ask('clear');
    await box.ask('stop');
    await waitFor('goodbye', 5000, async () =>
      (await heard()).some((record) => record.type === 'PTR' && record.name === TYPE && record.ttl === 0),
    );
    assert((await status()).guest === null, 'the guest is still there');
  });
} finally {
  for (const each of processes) await each.kill('SIGTERM');
  cleanUp();
}
checks.finish();
