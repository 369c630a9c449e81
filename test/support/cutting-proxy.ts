import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy on loopback that loses connections when told to, with whatever was on the way in both directions. */
export class CuttingProxy {
  readonly #server: Server;
  readonly #pairs = new Set<[Socket, Socket]>();
  #cutAfterBytes: number | undefined;
  port = 0;
  connections = 0;
  cuts = 0;
  /** TLS bytes that went to clients. */
  bytes = 0;

  constructor(target: { host: string; port: number }) {
    this.#server = createServer((client) => {
      this.connections++;
      const box = connect(target.port, target.host);
      const pair: [Socket, Socket] = [client, box];
      this.#pairs.add(pair);
      const end = () => {
        client.destroy();
        box.destroy();
        this.#pairs.delete(pair);
      };
      client.on('data', (data) => box.write(data));
      box.on('data', (data) => {
        if (this.#cutAfterBytes !== undefined) {
          this.#cutAfterBytes -= data.length;
          if (this.#cutAfterBytes <= 0) {
            this.#cutAfterBytes = undefined;
            this.cut();
            return;
          }
        }
        this.bytes += data.length;
        client.write(data);
      });
      for (const socket of pair) {
        socket.setNoDelay(true);
        socket.on('error', end);
        socket.on('close', end);
      }
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.port = (this.#server.address() as { port: number }).port;
  }

  /** Cuts everything now. False if nothing was connected. */
  cut(): boolean {
    if (this.#pairs.size === 0) return false;
    this.cuts++;
    for (const [client, box] of this.#pairs) {
      client.resetAndDestroy();
      box.resetAndDestroy();
    }
    this.#pairs.clear();
    return true;
  }

  /** Cuts in the middle of what the box sends next, after so many more bytes. */
  cutAfter(bytes: number): void {
    this.#cutAfterBytes = bytes;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
