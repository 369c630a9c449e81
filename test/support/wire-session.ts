import { WebSocket } from 'ws';
import type { Challenge, Connect, Hello } from '../../src/protocol/index.ts';
import type { TestPhone } from './phone.ts';

/** An authenticated socket, frame by frame, without the help of the client library. */
export class WireSession {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (frame: { result?: unknown; error?: { data: { code: string } } }) => void>();
  #next = 1;
  /** What was signed for this connection, for a replay elsewhere. */
  connectFrame: Connect | undefined;
  challenge: Challenge | undefined;
  hello: Hello | undefined;
  readonly closed: Promise<{ code: number; at: number }>;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on('close', (code) => resolve({ code, at: performance.now() }));
    });
  }

  /** Throws an error with the box's code when it is refused. */
  static async open(address: string, phone: TestPhone, more: Partial<Connect> = {}): Promise<WireSession> {
    const socket = new WebSocket(`wss://${address}/ws`, 'jingu', {
      rejectUnauthorized: false,
      localAddress: phone.source.address,
      ...(phone.source.origin === null ? {} : { origin: phone.source.origin }),
    });
    const session = new WireSession(socket);
    const challenged = new Promise<Challenge>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('message', (data) => {
        const frame = JSON.parse(String(data)) as { id?: number; method?: string; params?: Challenge };
        if (frame.method === 'challenge') resolve(frame.params!);
        else if (frame.id !== undefined) session.#waiting.get(frame.id)?.(frame as never);
      });
    });
    session.challenge = await challenged;
    session.connectFrame = phone.connectMessage(session.challenge, more);
    session.hello = (await session.call('session.connect', session.connectFrame)) as Hello;
    return session;
  }

  async call(method: string, params: object): Promise<unknown> {
    const id = this.#next++;
    const frame = await new Promise<{ result?: unknown; error?: { data: { code: string } } }>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
      void this.closed.then(({ code }) => resolve({ error: { data: { code: `CLOSED_${code}` } } }));
    });
    if (frame.error) throw Object.assign(new Error(frame.error.data.code), { code: frame.error.data.code });
    return frame.result;
  }

  close(): void {
    this.#socket.close();
  }
}
