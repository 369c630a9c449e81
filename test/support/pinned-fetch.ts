import { createHash } from 'node:crypto';
import { request } from 'node:https';
import { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';

/** `fetch` for clients that take one, over TLS with the box's key pinned instead of a certificate authority. */
export function pinnedFetch(spki: string): typeof fetch {
  return async (input, init) => {
    const asked = new Request(input, init);
    const body = asked.body === null ? undefined : Buffer.from(await asked.arrayBuffer());
    return await new Promise<Response>((resolve, reject) => {
      const call = request(
        asked.url,
        {
          method: asked.method,
          headers: { ...Object.fromEntries(asked.headers), ...(body ? { 'content-length': body.length } : {}) },
          agent: false,
          rejectUnauthorized: false,
          signal: asked.signal,
        },
        (answer) => {
          const key = (answer.socket as TLSSocket)
            .getPeerX509Certificate()
            ?.publicKey.export({ type: 'spki', format: 'der' });
          if (!key || createHash('sha256').update(key).digest('base64url') !== spki) {
            answer.destroy();
            reject(new Error('another TLS key'));
            return;
          }
          const headers = new Headers();
          for (const [name, value] of Object.entries(answer.headers)) headers.set(name, String(value));
          const stream = Readable.toWeb(answer) as unknown as ReadableStream;
          resolve(
            new Response(answer.statusCode === 204 ? null : stream, { status: answer.statusCode ?? 500, headers }),
          );
        },
      );
      call.on('error', reject);
      call.end(body);
    });
  };
}
