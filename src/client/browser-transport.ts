import type { SeenTls, Transport } from './transport.ts';

/** A browser checks the certificate itself and tells the page nothing about it. */
const UNSEEN: SeenTls = { spki: null, exporter: null };

export const browserTransport: Transport = {
  openSocket(url, protocol, handlers) {
    const socket = new WebSocket(url, protocol);
    let isClosed = false;
    const finish = (code: number, reason: string) => {
      if (isClosed) return;
      isClosed = true;
      handlers.closed(code, reason);
    };
    socket.addEventListener('open', () => handlers.open(UNSEEN));
    socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string' && !isClosed) handlers.message(data);
    });
    socket.addEventListener('close', ({ code, reason }) => finish(code, reason));
    return {
      send(text) {
        if (socket.readyState === WebSocket.OPEN) socket.send(text);
      },
      close(code, reason) {
        // A dead peer answers no closing handshake for a long time; what this side decided is final at once.
        socket.close(code, reason);
        finish(code ?? 1000, reason ?? '');
      },
    };
  },
  async request(url, { method, headers, body, signal }) {
    const answer = await fetch(url, {
      method,
      ...(headers ? { headers } : {}),
      ...(body === undefined ? {} : { body }),
      ...(signal ? { signal } : {}),
      credentials: 'omit',
      cache: 'no-store',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
    });
    return { status: answer.status, body: await answer.text(), seen: UNSEEN };
  },
};
