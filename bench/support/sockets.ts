import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { JinguClient } from '../../src/client/index.ts';
import { openFolder } from '../../src/client-node/index.ts';
import type { Hello } from '../../src/protocol/index.ts';
import { LiveBox } from '../../test/support/live-box.ts';
import { type PairedDevice, pairDevice } from '../../test/support/paired.ts';
import { type Figure, figure, percentile } from './figure.ts';
import { rssOf } from './start-up.ts';

const LISTENERS = 200;
const EVENTS = 50;
const IDLE = 1_000;
const AT_ONCE = 20;
const SETTLE_MS = 2_000;

/** One event to 200 sockets, from the call that makes it to each of them; and what a socket that does nothing holds. */
export async function measureSockets(): Promise<Figure[]> {
  await using box = await LiveBox.start();
  const share = mkdtempSync(join(tmpdir(), 'jingu-share-'));
  const clients: JinguClient<Hello>[] = [];
  try {
    writeFileSync(join(share, 'note.md'), 'one\n');
    await box.run('workspace.add', { name: 'office', root: share });
    const device = await pairDevice(box);
    await device.client.connect();
    clients.push(device.client);
    // Handshakes leave garbage behind; the first of them also load what every later one shares.
    await open(clients, device, LISTENERS);
    const fanOut = await measureFanOut(device.client, clients.slice(1));
    await pause(SETTLE_MS);
    const before = rssOf(box.pid);
    await open(clients, device, IDLE);
    await pause(SETTLE_MS);
    const perSocket = (rssOf(box.pid) - before) / IDLE / 1000;
    return [
      figure({
        name: `event to ${LISTENERS} sockets, p99`,
        unit: 'ms',
        value: percentile(fanOut, 0.99),
        below: 50,
        note: `p50 ${percentile(fanOut, 0.5).toFixed(1)}; from sending the edit, its commit included; one process holds all clients`,
      }),
      figure({
        name: `RSS for each of ${IDLE} idle sockets`,
        unit: 'KB',
        value: perSocket,
        note: 'TLS, session, heartbeat',
      }),
    ];
  } finally {
    for (const client of clients) client.close();
    rmSync(share, { recursive: true, force: true });
  }
}

async function open(clients: JinguClient<Hello>[], device: PairedDevice, count: number): Promise<void> {
  const app = { id: 'bench', version: '1', platform: 'node' };
  for (let done = 0; done < count; done += AT_ONCE) {
    const wave = Array.from({ length: Math.min(AT_ONCE, count - done) }, async () => {
      const { client } = await openFolder({ folder: device.folder, app });
      clients.push(client);
      await client.connect();
    });
    await Promise.all(wave);
  }
}

/** Milliseconds from sending an edit to each socket's event of it. */
async function measureFanOut(writer: JinguClient<Hello>, listeners: readonly JinguClient<Hello>[]): Promise<number[]> {
  const path = 'office/note.md';
  const { versions } = (await writer.invoke('doc.log', { path })).output as { versions: { document: string }[] };
  const delays: number[] = [];
  let sentAt = 0;
  let missing = 0;
  let all = () => {};
  for (const client of listeners) {
    client.subscribe(`doc:${versions[0]!.document}`, {
      event: (event) => {
        if (event.kind !== 'version-created' || sentAt === 0) return;
        delays.push(performance.now() - sentAt);
        if (--missing === 0) all();
      },
    });
  }
  await pause(SETTLE_MS);
  for (let i = 0; i < EVENTS; i++) {
    const read = (await writer.invoke('doc.read', { path })).output as { version: number };
    missing = listeners.length;
    const delivered = new Promise<void>((resolve) => {
      all = resolve;
    });
    sentAt = performance.now();
    const verbs = [{ set: '1', text: [`round ${i}`] }];
    await Promise.all([writer.invoke('doc.edit', { path, base: read.version, verbs }), delivered]);
  }
  return delays;
}
