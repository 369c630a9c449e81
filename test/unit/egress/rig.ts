import { webcrypto } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttps, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import 'reflect-metadata';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { silentLogger, systemClock } from '../../../src/common/index.ts';
import { Egress, type EgressRule, egressMigrations } from '../../../src/egress/index.ts';
import { Supervisor } from '../../../src/guest/index.ts';
import { Store } from '../../../src/store/index.ts';

export const NAMES = [
  'models.example.org',
  'cdn.example.org',
  'sneaky.example.org',
  'down.example.org',
  'both.example.org',
];

/** What the guest's stand-in resolver answers; the rest goes to the stand-in server on loopback. */
const ADDRESSES: Record<string, string[]> = {
  'private.example.org': ['10.0.0.7'],
  'metadata.example.org': ['169.254.169.254'],
  'mapped.example.org': ['::ffff:127.0.0.1'],
  'linklocal.example.org': ['fe80::1'],
  'both.example.org': ['127.0.0.1', '192.168.0.1'],
  'empty.example.org': [],
  // Nothing listens on the second loopback address.
  'down.example.org': ['127.0.0.2'],
};

/** A server that speaks TLS behind a counter of the bytes on the wire. */
export class StandIn {
  readonly seen: { host: string | undefined; url: string | undefined; headers: IncomingMessage['headers'] }[] = [];
  readonly wire = { in: 0, out: 0, connections: 0 };
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => response.end('ok');
  #server!: HttpsServer;
  #front!: Server;
  readonly #sockets = new Set<Socket>();
  ca = '';

  get port(): number {
    return (this.#front.address() as AddressInfo).port;
  }

  async start(): Promise<void> {
    const { cert, key } = await certificate();
    this.ca = cert;
    this.#server = createHttps({ cert, key }, (request, response) => {
      this.seen.push({ host: request.headers.host, url: request.url, headers: request.headers });
      this.answer(request, response);
    });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.#front = createServer((client) => this.#relay(client));
    await new Promise<void>((resolve) => this.#front.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#front.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #relay(client: Socket): void {
    const server = connect((this.#server.address() as AddressInfo).port, '127.0.0.1');
    this.wire.connections++;
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    }
    client.on('data', (chunk) => {
      this.wire.in += chunk.length;
    });
    server.on('data', (chunk) => {
      this.wire.out += chunk.length;
    });
    client.on('close', () => server.destroy());
    client.pipe(server).pipe(client);
    // A client's own TLS goodbye comes after the server is gone and is counted too.
    server.on('close', () => client.resume());
  }
}

async function certificate(): Promise<{ cert: string; key: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
  const made = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=stand-in',
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    extensions: [new SubjectAlternativeNameExtension(NAMES.map((value) => ({ type: 'dns' as const, value })))],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8.replaceAll(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
  return { cert: made.toString('pem'), key };
}

export interface Rig {
  egress: Egress;
  supervisor: Supervisor;
  store: Store;
  directory: string;
  url(host: string, path: string): string;
  stop(): Promise<void>;
}

/** The real room, the real guest code in a program of its own whose policy lets it reach the stand-in. */
export function makeRig(server: StandIn): Rig {
  const directory = mkdtempSync(join(tmpdir(), 'jingu-egress-'));
  const { port } = server;
  const hosts = ['*.example.org'];
  const rules: EgressRule[] = [{ class: 'model-pull', hosts, ports: [port], methods: ['GET', 'HEAD'] }];
  const room = new URL('../../../src/egress/', import.meta.url);
  const program = join(directory, 'guest.mjs');
  writeFileSync(
    program,
    `import { serveEgress } from ${JSON.stringify(new URL('serve-egress.ts', room).href)};
     import { publicAddressesOnly } from ${JSON.stringify(new URL('address.ts', room).href)};
     const known = ${JSON.stringify(ADDRESSES)};
     serveEgress({
       ca: ${JSON.stringify(server.ca)},
       rules: ${JSON.stringify(rules)},
       resolve: async (host) => known[host] ?? ['127.0.0.1'],
       mayDial: (address) => (/^127\\.0\\.0\\.[12]$/.test(address) ? undefined : publicAddressesOnly(address)),
     });`,
  );
  const supervisor = new Supervisor({ clock: systemClock, log: silentLogger });
  const store = new Store({ directory: join(directory, 'db'), migrations: egressMigrations, log: silentLogger });
  const test = { program: pathToFileURL(program), rules };
  const egress = new Egress({ supervisor, database: store, clock: systemClock, log: silentLogger, directory, test });
  egress.start();
  return {
    egress,
    supervisor,
    store,
    directory,
    url: (host, path) => `https://${host}:${port}${path}`,
    async stop() {
      await egress.stop();
      await supervisor.stop();
      await store.close();
      rmSync(directory, { recursive: true });
    },
  };
}
