import { chmodSync, rmSync } from 'node:fs';
import type { IncomingMessage, Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { fail } from '../common/index.ts';

// An import of node:http reads each of its members, and one of them loads a whole HTTP client: 5 MB.
const { createServer: createHttpServer } = process.getBuiltinModule('node:http');

export interface ListenOptions {
  addresses: readonly string[];
  port: number;
  tls: { key: string | Buffer; cert: string | Buffer };
  /** Unix socket of the console; undefined on a box without one. */
  consolePath: string | undefined;
}

type Handle = (request: IncomingMessage, response: import('node:http').ServerResponse) => void;
type Upgrade = (request: IncomingMessage, socket: import('node:stream').Duplex, head: Buffer) => void;

/**
 * The sockets of the box: one TLS 1.3 listener per private address, and a unix socket that only the box's own user and
 * root can open. Requests of the latter are known by their connection, not by anything they say.
 */
export class Listeners {
  readonly #servers: (Server | TlsServer)[] = [];
  readonly #tls: TlsServer[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #console = new WeakSet<object>();
  #consolePath: string | undefined;

  isConsole(request: IncomingMessage): boolean {
    return this.#console.has(request.socket);
  }

  /** The port in use (asked for with 0, the system picks one for the first address and the rest follow it). */
  async start(options: ListenOptions, handle: Handle, upgrade: Upgrade): Promise<number> {
    let port = options.port;
    for (const address of options.addresses) {
      const server = createTlsServer({ ...options.tls, minVersion: 'TLSv1.3', ALPNProtocols: ['http/1.1'] }, handle);
      this.#tls.push(server);
      this.#prepare(server, upgrade);
      server.on('secureConnection', (socket: Socket) => this.#keep(socket));
      port = await listen(server, { host: address, port, ipv6Only: true }, `${address}:${port}`);
    }
    if (options.consolePath) {
      const path = options.consolePath;
      await clearStale(path);
      const server = createHttpServer(handle);
      this.#prepare(server, upgrade);
      server.on('connection', (socket: Socket) => {
        this.#console.add(socket);
        this.#keep(socket);
      });
      // The mode is set by the umask before the name exists, so there is no moment in which others can connect.
      const before = process.umask(0o177);
      try {
        await listen(server, { path }, path);
      } finally {
        process.umask(before);
      }
      chmodSync(path, 0o600);
      this.#consolePath = path;
    }
    return port;
  }

  /** New handshakes use the new certificate; open connections live on. */
  useCertificate(tls: ListenOptions['tls']): void {
    for (const server of this.#tls) server.setSecureContext({ ...tls, minVersion: 'TLSv1.3' });
  }

  /** Stops accepting, ends what is open, waits until all are closed. Harmless when called twice. */
  async stop(): Promise<void> {
    const closing = this.#servers
      .splice(0)
      .map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    this.#tls.length = 0;
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closing);
    if (this.#consolePath) rmSync(this.#consolePath, { force: true });
    this.#consolePath = undefined;
  }

  #prepare(server: Server | TlsServer, upgrade: Upgrade): void {
    // Slow-loris: headers within 10 s, a whole request within 60 s; bodies are bounded by the routes.
    server.headersTimeout = 10_000;
    server.requestTimeout = 60_000;
    server.keepAliveTimeout = 15_000;
    server.maxHeadersCount = 100;
    server.on('upgrade', upgrade);
    server.on('tlsClientError', (_error, socket: Socket) => socket.destroy());
    server.on('clientError', (_error, socket) => socket.destroy());
    this.#servers.push(server);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  }
}

function listen(server: Server | TlsServer, where: object, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(fail('LISTEN_FAILED', { address: name, reason: reasonOf(error) }, error));
    });
    server.listen(where, () => {
      server.removeAllListeners('error');
      server.on('error', () => {});
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return 'the port is in use by another program';
  if (error.code === 'EACCES') return 'this user may not open it';
  if (error.code === 'EADDRNOTAVAIL') return 'this machine has no such address';
  return error.message;
}

/** A socket file left by a killed daemon is removed; one that answers belongs to a living one. */
async function clearStale(path: string): Promise<void> {
  const alive = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
  if (alive) throw fail('LISTEN_FAILED', { address: path, reason: 'another Jingu answers there' });
  rmSync(path, { force: true });
}
