import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';

/** Rewrites what the victim sends before the box sees it; must keep the length. */
export type Rewrite = (bytes: string) => string;

/**
 * Somebody between phone and box: ends the phone's TLS with a certificate of its own and opens another to the box. It
 * reads everything, and may rewrite it. All it lacks is the box's key and the secret of the link.
 */
export class Relay {
  rewrite: Rewrite = (bytes) => bytes;
  /** All that phones have told it. */
  overheard = '';
  readonly #server: Server;
  readonly #target: { host: string; port: number };
  readonly #sockets = new Set<TLSSocket>();
  readonly spki: string;

  private constructor(target: string, key: string, cert: string) {
    const [host = '', port = ''] = target.split(':');
    this.#target = { host, port: Number(port) };
    const publicKey = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
    this.spki = createHash('sha256').update(publicKey).digest('base64url');
    this.#server = createServer({ key, cert, minVersion: 'TLSv1.3', ALPNProtocols: ['http/1.1'] }, (victim) =>
      this.#join(victim),
    );
  }

  static async start(target: string): Promise<Relay> {
    const folder = mkdtempSync(join(tmpdir(), 'jingu-relay-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...kind, '-subj', '/CN=box', '-keyout', key, '-out', cert], {
      stdio: 'pipe',
    });
    const relay = new Relay(target, readFileSync(key, 'utf8'), readFileSync(cert, 'utf8'));
    rmSync(folder, { recursive: true });
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #join(victim: TLSSocket): void {
    const box = connect({ ...this.#target, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
    for (const [from, to] of [
      [victim, box],
      [box, victim],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (bytes: Buffer) => {
        const text = bytes.toString('latin1');
        if (from === victim) this.overheard += text;
        to.write(Buffer.from(from === victim ? this.rewrite(text) : text, 'latin1'));
      });
      from.on('end', () => to.end());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.end();
      });
      from.on('error', () => to.destroy());
    }
  }
}
