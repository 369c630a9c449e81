import type { TLSSocket } from 'node:tls';
import { deviceHandshake, type SeenTls, type Socket } from '../../src/client/index.ts';
import type { DeviceFolder } from '../../src/client-node/index.ts';
import { nodeTransport } from '../../src/client-node/index.ts';
import { decodeFrame, type Frame, requestFrame } from '../../src/protocol/index.ts';

/** A paired device's socket driven frame by frame, to do what the real client never would. */
export class RawSession {
  readonly #socket: Socket;
  readonly #frames: Frame[] = [];
  readonly #waiting = new Set<() => void>();
  #tls: TLSSocket | undefined;
  #seen: SeenTls = { spki: null, exporter: null };
  closed: { code: number; reason: string } | undefined;

  constructor(address: string) {
    const url = `wss://${address}/ws`;
    this.#socket = nodeTransport({ onTls: (tls) => (this.#tls = tls) }).openSocket(url, 'jingu', {
      open: (seen) => {
        this.#seen = seen;
      },
      message: (text) => {
        this.#frames.push(decodeFrame(text));
        this.#wake();
      },
      closed: (code, reason) => {
        this.closed = { code, reason };
        this.#wake();
      },
    });
  }

  /** Opened and proved. */
  static async connect(
    address: string,
    folder: DeviceFolder,
    change: (connect: Record<string, unknown>) => void = () => {},
  ): Promise<RawSession> {
    const session = new RawSession(address);
    const connect = await session.connectParams(folder);
    change(connect);
    session.send(requestFrame('connect', 'session.connect', connect));
    await session.answer('connect');
    return session;
  }

  /** A good `session.connect` for the challenge of this socket. */
  async connectParams(folder: DeviceFolder, protocol?: [number, number]): Promise<Record<string, unknown>> {
    const challenge = await this.next((frame) => frame.kind === 'notification' && frame.method === 'challenge');
    const handshake = deviceHandshake({
      box: folder.box()!,
      key: await folder.key(),
      app: { id: 'raw', version: '1', platform: 'test' },
      locale: 'zh',
      origin: null,
      ...(protocol ? { protocol } : {}),
    });
    return await handshake.connect((challenge as Frame & { kind: 'notification' }).params, this.#seen);
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  /** The result or error of a request. Rejects when the socket closes first. */
  async answer(id: number | string): Promise<Frame & { kind: 'result' | 'error' }> {
    const frame = await this.next((f) => (f.kind === 'result' || f.kind === 'error') && f.id === id);
    return frame as Frame & { kind: 'result' | 'error' };
  }

  /** Code of the error that a request was answered with, or `ok`. */
  async codeOf(id: number | string): Promise<string> {
    const frame = await this.answer(id);
    return frame.kind === 'error' ? frame.error.data.code : 'ok';
  }

  async ask(id: number, method: string, params: object): Promise<string> {
    this.send(requestFrame(id, method, params));
    return await this.codeOf(id);
  }

  /** The first frame that fits, also one that came before. */
  async next(fits: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const at = this.#frames.findIndex(fits);
      if (at >= 0) return this.#frames.splice(at, 1)[0]!;
      if (this.closed) throw new Error(`closed with ${this.closed.code} ${this.closed.reason}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Close code, once the box has closed it. */
  async closeCode(): Promise<number> {
    while (!this.closed) await new Promise<void>((resolve) => this.#waiting.add(resolve));
    return this.closed.code;
  }

  /** Reads nothing more from the wire: what a phone does that went out of reach. */
  pause(): void {
    this.#tls?.pause();
  }

  close(): void {
    this.#tls?.destroy();
    this.#socket.close();
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}
