/**
 * A paired client behind a proxy that cuts its connection 1,000 times at random points (handshake, replay, live flow,
 * in the middle of a frame), while a task streams text and the client itself edits a document. Afterwards what it has
 * folded equals what the box holds, every edit it made is there once, and the bytes are counted.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Transport } from '../../src/client/index.ts';
import { nodeTransport, openFolder } from '../../src/client-node/index.ts';
import { canonicalJson, newId } from '../../src/common/index.ts';
import type { BoxEvent } from '../../src/protocol/index.ts';
import { Checks } from '../support/checks.ts';
import { CuttingProxy } from '../support/cutting-proxy.ts';
import { LiveBox } from '../support/live-box.ts';
import { pairDevice } from '../support/paired.ts';

const CUTS = Number(process.env['JINGU_RESUME_CUTS'] ?? 1000);
const seed = Number(process.env['JINGU_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
console.log(`seed ${seed}`);

/** mulberry32: small and seeded. */
let state = seed;
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}
const pick = (n: number) => Math.floor(random() * n);

const checks = new Checks();
const share = mkdtempSync(join(tmpdir(), 'jingu-share-'));
writeFileSync(join(share, 'log.txt'), 'begin\n');
await using box = await LiveBox.start({ main: join(import.meta.dirname, '..', 'support', 'daemon-with-streams.ts') });
await box.run('workspace.add', { name: 'office', root: share });
const paired = await pairDevice(box);
const topic = `task:${newId('task')}`;
const { personId } = paired;
type Act = { do: string; n?: number; name?: string; text?: string };
const play = (acts: Act[]) => box.run('rig.play', { topic, person: personId, acts });
await play([{ do: 'event', n: 0 }]);

const [host = '', port = ''] = box.address.split(':');
const proxy = new CuttingProxy({ host, port: Number(port) });
await proxy.start();

/** Counts the frames as they arrive, before anything is folded. */
const counted = { text: 0, textBytes: 0, deltas: 0, frames: 0, bytes: 0 };
const wire = nodeTransport({ via: { host: '127.0.0.1', port: proxy.port } });
const transport: Transport = {
  ...wire,
  openSocket: (url, protocol, handlers) =>
    wire.openSocket(url, protocol, {
      ...handlers,
      message: (text) => {
        counted.frames++;
        counted.bytes += Buffer.byteLength(text);
        if (text.startsWith('{"method":"t"')) {
          counted.deltas++;
          counted.textBytes += Buffer.byteLength(text);
        }
        handlers.message(text);
      },
    }),
};
const { client } = await openFolder({
  folder: paired.folder,
  app: { id: 'resume', version: '1', platform: 'test' },
  transport,
  random: () => 0,
});
const folded = {
  events: [] as BoxEvent[],
  texts: {} as Record<string, string>,
  deltas: new Map<string, string>(),
  resets: 0,
};
client.subscribe(topic, {
  event: (event) => folded.events.push(event),
  text: (message, delta) => {
    folded.texts[message.messageId] = message.text;
    folded.deltas.set(message.messageId, (folded.deltas.get(message.messageId) ?? '') + delta);
  },
  reset: () => folded.resets++,
});
await client.connect();

/** What a task would do meanwhile: steps, and up to three texts at a time. */
const open: string[] = [];
let made = 0;
let streamed = 0;
function someActs(): Act[] {
  return Array.from({ length: 1 + pick(4) }, () => {
    const what = pick(10);
    if (what < 2 && open.length < 3) {
      const name = `m${++made}`;
      open.push(name);
      return { do: 'start', name };
    }
    if (what < 7 && open.length > 0) {
      const text = '把通知期改成 60 天 — sixty days. '.slice(0, 1 + pick(30));
      streamed += Buffer.byteLength(text);
      return { do: 'append', name: open[pick(open.length)]!, text };
    }
    if (what === 7 && open.length > 1) return { do: 'end', name: open.shift()! };
    return { do: 'event', n: pick(1000) };
  });
}

let isOver = false;
// The same key must carry the same input, so what was sent once is kept until it is acknowledged.
const pending: { input: object | undefined } = { input: undefined };
/** Edits one after the other through the cut connection; each has one key until it is acknowledged. */
const edits = (async () => {
  const acknowledged: string[] = [];
  let resent = 0;
  for (let n = 1; !isOver || n % 7 !== 0; n++) {
    const line = `edit ${n}`;
    const idempotencyKey = newId('key');
    for (;;) {
      try {
        const { output } = await client.invoke('doc.read', { path: 'office/log.txt', from: 1, to: 1 });
        const { version } = output as { version: number };
        const input = { path: 'office/log.txt', base: version, verbs: [{ put: '<1', text: [line] }] };
        pending.input ??= input;
        await client.invoke('doc.edit', pending.input, { idempotencyKey });
        pending.input = undefined;
        acknowledged.push(line);
        break;
      } catch (error) {
        if (!(error as { wire?: { retryable?: boolean } }).wire?.retryable) throw error;
        resent++;
      }
    }
  }
  return { acknowledged, resent };
})();
/** Resolves when the client is at least that far, told by its own events. */
function reached(wanted: 'connected' | 'catching-up'): Promise<void> {
  const isThere = () => client.state === 'connected' || client.state === wanted;
  if (isThere()) return Promise.resolve();
  return new Promise((resolve) => {
    const off = client.on('state', () => {
      if (!isThere()) return;
      off();
      resolve();
    });
  });
}

const started = Date.now();
while (proxy.cuts < CUTS) {
  await play(someActs());
  // A third of the cuts comes at any moment, also in a handshake; the others once it is connected or catching up.
  if (random() < 0.66) await reached(random() < 0.5 ? 'connected' : 'catching-up');
  if (random() < 0.5) proxy.cut();
  else proxy.cutAfter(1 + pick(6000));
  for (let turns = pick(10); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
}
proxy.cutAfter(Number.POSITIVE_INFINITY);
isOver = true;
await play(open.splice(0).map((name) => ({ do: 'end', name })));
const { acknowledged, resent } = await edits;
const truth = await box.run<{ events: BoxEvent[]; texts: Record<string, string> }>('rig.truth', { topic });
const last = truth.events.at(-1)!.seq;
await new Promise<void>((resolve) => {
  const look = () =>
    folded.events.at(-1)?.seq === last && client.state === 'connected' ? resolve() : setTimeout(look, 5);
  look();
});
const seconds = (Date.now() - started) / 1000;

await checks.check(`after ${proxy.cuts} cuts the folded events equal those of the box, each once and in order`, () => {
  return canonicalJson(folded.events) === canonicalJson(truth.events);
});
await checks.check('the folded texts equal those of the box', () => {
  const whole = Object.fromEntries(Object.keys(truth.texts).map((id) => [id, folded.texts[id] ?? '']));
  return JSON.stringify(whole) === JSON.stringify(truth.texts);
});
await checks.check('the deltas alone give the same texts: none lost, none doubled', () => {
  return Object.keys(truth.texts).every((id) => (folded.deltas.get(id) ?? '') === truth.texts[id]);
});
await checks.check('no topic had to be fetched anew', () => folded.resets === 0);
const doc = await box.run<{ lines: { text: string }[]; version: number }>('doc.read', {
  path: 'office/log.txt',
  from: 1,
  to: 2000,
});
await checks.check(`${acknowledged.length} acknowledged edits are in the document once each`, () => {
  const there = doc.lines.map((line) => line.text);
  return there.at(-1) === 'begin' && JSON.stringify(there.slice(0, -1).reverse()) === JSON.stringify(acknowledged);
});
await checks.check('and made one version each', () => doc.version === acknowledged.length + 1);
await checks.check('every reconnect was counted', () => client.connects > 1 && client.connects <= proxy.connections);
const budget = 1.3 * streamed + 64 * counted.deltas;
await checks.check('text took at most 1.3 times its bytes and 64 bytes a delta', () => counted.textBytes <= budget);
await checks.check('the record of the box still verifies', async () => {
  return (await box.run<{ verdict: string }>('audit.verify')).verdict === 'intact';
});

console.log(
  `${proxy.cuts} cuts in ${seconds.toFixed(1)} s, ${proxy.connections} TCP connections, ${client.connects} verified handshakes; ` +
    `${last} events, ${Object.keys(truth.texts).length} texts of ${streamed} bytes; ` +
    `text frames ${counted.textBytes} bytes in ${counted.deltas} deltas (bar ${Math.round(budget)}); ` +
    `all frames ${counted.bytes} bytes in ${counted.frames}, TLS ${proxy.bytes} bytes; ${acknowledged.length} edits, ${resent} sent again by the caller`,
);
client.close();
await proxy.stop();
rmSync(share, { recursive: true, force: true });
process.exitCode = checks.end();
