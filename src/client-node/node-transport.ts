import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { isIP } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { WebSocket } from 'ws';
import { type HttpAnswer, localError, type SeenTls, type Transport } from '../client/index.ts';

export interface NodeTransportOptions {
  /** How long a TCP and TLS connection may take. */
  connectMs?: number;
  /** Connects here instead of the address in the URL; the test proxy uses it. */
  via?: { host: string; port: number };
  /** Called with each TLS connection that was made. */
  onTls?: (tls: TLSSocket) => void;
}

/**
 * Sockets and requests of a program. No certificate authority is asked: a box signs its own certificate, and what
 * proves it is its key, compared with the pin before the first byte is sent, or with the signature of `hello`.
 */
export function nodeTransport(options: NodeTransportOptions = {}): Transport {
  return {
    openSocket(url, protocol, handlers) {
      let socket: WebSocket | undefined;
      let isClosed = false;
      const finish = (code: number, reason: string) => {
        if (isClosed) return;
        isClosed = true;
        handlers.closed(code, reason);
      };
      connectTls(new URL(url), options).then(
        ({ tls, seen }) => {
          options.onTls?.(tls);
          if (isClosed) {
            tls.destroy();
            return;
          }
          // 64 MiB is far above the box's own limit: it only keeps a hostile peer from filling the memory.
          socket = new WebSocket(url, protocol, {
            createConnection: () => tls,
            perMessageDeflate: false,
            maxPayload: 67_108_864,
          });
          socket.on('open', () => handlers.open(seen));
          socket.on('message', (data, isBinary) => {
            if (!isBinary && !isClosed) handlers.message(String(data));
          });
          socket.on('close', (code, reason) => finish(code, reason.toString('utf8')));
          socket.on('error', (error) => finish(1006, error.message));
        },
        (error: unknown) => finish(1006, String(error)),
      );
      return {
        send: (text) => {
          if (socket?.readyState === WebSocket.OPEN) socket.send(text);
        },
        close: (code, reason) => {
          if (socket?.readyState === WebSocket.OPEN) socket.close(code, reason);
          else socket?.terminate();
          finish(code ?? 1000, reason ?? '');
        },
      };
    },

    async request(url, { method, headers, body, signal, pin }) {
      const target = new URL(url);
      const content = body instanceof Blob ? new Uint8Array(await body.arrayBuffer()) : body;
      const { tls, seen } = await connectTls(target, options);
      if (pin !== undefined && seen.spki !== pin) {
        tls.destroy();
        throw localError('CLIENT_BOX_MISMATCH', {
          reason: 'its TLS key is not the one of the link',
          seen: seen.spki,
          pin,
        });
      }
      return await new Promise<HttpAnswer>((resolve, reject) => {
        const outgoing = httpRequest(
          {
            createConnection: () => tls,
            method,
            path: `${target.pathname}${target.search}`,
            headers: {
              host: target.host,
              ...headers,
              ...(content === undefined ? {} : { 'content-length': Buffer.byteLength(content) }),
            },
            ...(signal ? { signal } : {}),
          },
          (answer) => {
            const parts: Buffer[] = [];
            answer.on('data', (part: Buffer) => parts.push(part));
            answer.on('end', () => {
              tls.destroy();
              resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8'), seen });
            });
            answer.on('error', reject);
          },
        );
        outgoing.on('error', reject);
        outgoing.end(content);
      });
    },
  };
}

function connectTls(url: URL, options: NodeTransportOptions): Promise<{ tls: TLSSocket; seen: SeenTls }> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const tls = tlsConnect({
      host: options.via?.host ?? host,
      port: options.via?.port ?? Number(url.port || 443),
      ...(isIP(host) ? {} : { servername: host }),
      minVersion: 'TLSv1.3',
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    });
    tls.setNoDelay(true);
    const timer = setTimeout(() => tls.destroy(new Error('no TLS connection in time')), options.connectMs ?? 10_000);
    tls.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    tls.once('close', () => {
      clearTimeout(timer);
      reject(new Error('closed before TLS'));
    });
    tls.once('secureConnect', () => {
      clearTimeout(timer);
      const key = tls.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
      if (!key) tls.destroy(new Error('no certificate'));
      else resolve({ tls, seen: { spki: createHash('sha256').update(key).digest('base64url'), exporter: null } });
    });
  });
}
