import { createSocket } from 'node:dgram';
import { createServer } from 'node:tls';
import { nodeTransport } from '../../../src/client-node/index.ts';
import { serveJson } from './json-process.ts';
import { type DnsRecord, decode, encodeQuery, encodeResponse, rdata, type TypeName } from './mdns-wire.ts';
import { selfSigned } from './self-signed.ts';

/** Another machine on the network: listens, asks, lies and throws garbage, as it is told. */
const GROUP = '224.0.0.251';
const [address = '', box = ''] = process.argv.slice(2);
const heard: (DnsRecord & { from: string })[] = [];
let undecodable = 0;

const socket = createSocket({ type: 'udp4', reuseAddr: true });
socket.on('message', (packet, from) => {
  if (from.address === address) return;
  try {
    const message = decode(packet);
    if (message.isResponse) for (const record of message.records) heard.push({ ...record, from: from.address });
  } catch {
    undecodable++;
  }
});
await new Promise<void>((resolve) => socket.bind(5353, resolve));
socket.addMembership(GROUP, address);
socket.setMulticastInterface(address);
socket.setMulticastTTL(255);
const stray = createSocket('udp4');
await new Promise<void>((resolve) => stray.bind(0, address, resolve));
stray.setMulticastInterface(address);

const { cert, key } = await selfSigned();
const impostor = createServer({ cert, key }, (tls) => tls.on('error', () => {}).end());
await new Promise<void>((resolve) => impostor.listen(7443, address, resolve));

/** xorshift32: the same seed gives the same packets. */
function random(seed: number): () => number {
  let state = seed || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
}

function send(from: typeof socket, packet: Uint8Array, to: string): Promise<void> {
  // A full buffer or a link that is down loses a packet, as networks do.
  return new Promise((resolve) => from.send(packet, 5353, to, () => resolve()));
}

function claim(params: Record<string, unknown>): Buffer {
  const { instance, host, id, port } = params as { instance: string; host: string; id: string; port: number };
  const txt = rdata.txt(['v=1', 'proto=1-1', `id=${id}`, 'name=Jingu']);
  return encodeResponse([
    { name: '_jingu._tcp.local.', type: 'PTR', ttl: 4500, data: rdata.ptr(instance) },
    { name: instance, type: 'SRV', ttl: 120, data: rdata.srv(port, host) },
    { name: instance, type: 'TXT', ttl: 4500, data: txt },
    { name: host, type: 'A', ttl: 120, data: rdata.a(address) },
  ]);
}

async function fuzz(params: Record<string, unknown>): Promise<number> {
  const { count, seed, samples } = params as { count: number; seed: number; samples: string[] };
  const next = random(seed);
  const below = (n: number) => Math.floor(next() * n);
  const valid: Uint8Array[] = samples.map((hex) => Buffer.from(hex, 'hex'));
  valid.push(encodeQuery('_jingu._tcp.local', 'PTR'), encodeQuery('_services._dns-sd._udp.local', 'ANY'));
  for (let i = 0; i < count; i++) {
    let packet: Uint8Array;
    if (i % 4 === 0) {
      packet = Buffer.from(Array.from({ length: below(600) }, () => below(256)));
    } else {
      packet = Buffer.from(valid[below(valid.length)]!);
      for (let flips = 1 + below(8); flips > 0; flips--) packet[below(packet.length)] = below(256);
      if (i % 3 === 0) packet = packet.subarray(0, below(packet.length + 1));
      if (i % 7 === 0) packet = Buffer.concat([packet, packet]);
    }
    await send(i % 5 === 0 ? stray : socket, packet, i % 2 === 0 ? GROUP : box);
  }
  return count;
}

serveJson(
  {
    query: (params) => send(socket, encodeQuery(params['name'] as string, params['type'] as TypeName), GROUP),
    heard: () => ({ records: heard, undecodable }),
    clear: () => {
      heard.length = 0;
    },
    spoof: async (params) => {
      for (let i = 0; i < (params['times'] as number); i++) await send(socket, claim(params), GROUP);
    },
    sample: (params) => claim(params).toString('hex'),
    fuzz,
    /** What a paired client does: the key it knows decides, whoever announced the address. */
    connect: async (params) => {
      const { host, pin } = params as { host: string; pin: string };
      try {
        await nodeTransport({ connectMs: 5000 }).request(`https://${host}:7443/`, { method: 'GET', pin });
        return 'answered';
      } catch (error) {
        return (error as { code?: string }).code ?? String(error);
      }
    },
  },
  () => process.exit(0),
);
