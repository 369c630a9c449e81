import type { OutgoingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { WebSocket } from 'ws';
import { PATHS } from '../../src/protocol/index.ts';
import type { PairingPeer } from './phone.ts';

export interface StrangerAnswer {
  status: number;
  text: string;
  /** `error.code` of the body, if it has one. */
  code: string | undefined;
}

/** Somebody on the network who knows the address of the box and nothing else. Checks no certificate. */
export class Stranger {
  /** `host:port` */
  readonly address: string;
  /** The loopback address this one calls from: every `127.x.y.z` is a source of its own to the box. */
  readonly from: string;

  readonly #origin: string | null;

  /** `origin`: what a browser would send; null for a program. */
  constructor(address: string, from = '127.0.0.1', origin: string | null = null) {
    this.address = address;
    this.from = from;
    this.#origin = origin;
  }

  /** The steps of pairing over REST; an error of the box is thrown with its code. */
  get pairing(): PairingPeer {
    const step = async (path: string, message: object) => {
      const headers = this.#origin === null ? {} : { origin: this.#origin };
      const answer = await this.http('POST', path, headers, JSON.stringify(message));
      if (answer.code !== undefined) throw Object.assign(new Error(answer.text), { code: answer.code });
      return JSON.parse(answer.text) as never;
    };
    return {
      pairBegin: (message) => step(PATHS.pairBegin, message),
      pairProve: (message) => step(PATHS.pairProve, message),
      pairStatus: (message) => step(PATHS.pairStatus, message),
    };
  }

  http(method: string, path: string, headers: OutgoingHttpHeaders = {}, body?: string): Promise<StrangerAnswer> {
    const [host, port] = this.address.split(':');
    return new Promise((resolve, reject) => {
      const call = request(
        {
          host,
          port,
          method,
          path,
          localAddress: this.from,
          rejectUnauthorized: false,
          agent: false,
          headers: { ...jsonOf(body), ...headers },
        },
        (answer) => {
          const parts: Buffer[] = [];
          answer.on('data', (part: Buffer) => parts.push(part));
          answer.on('end', () => {
            const text = Buffer.concat(parts).toString();
            resolve({ status: answer.statusCode ?? 0, text, code: codeIn(text) });
          });
          answer.on('error', reject);
        },
      );
      call.on('error', reject);
      call.end(body);
    });
  }

  /** Follows a stream of events; resolves once its first line came, `ended` when the box closed it. */
  follow(path: string, headers: OutgoingHttpHeaders): Promise<{ status: number; ended: Promise<number> }> {
    const [host, port] = this.address.split(':');
    return new Promise((resolve, reject) => {
      const call = request({
        host,
        port,
        path,
        localAddress: this.from,
        rejectUnauthorized: false,
        agent: false,
        headers,
      });
      call.on('response', (answer) => {
        const ended = new Promise<number>((over) => answer.on('close', () => over(performance.now())));
        answer.on('error', () => {});
        answer.once('data', () => resolve({ status: answer.statusCode ?? 0, ended }));
      });
      call.on('error', reject);
      call.end();
    });
  }

  /** Opens a socket, waits for the challenge, sends the frames, and tells all that came back until the box closed it. */
  frames(frames: readonly (string | Buffer)[] | Reply, headers: Record<string, string> = {}): Promise<Conversation> {
    return new Promise((resolve) => {
      const heard: Conversation = { challenge: undefined, answers: [], closeCode: 0 };
      const socket = new WebSocket(`wss://${this.address}/ws`, 'jingu', {
        rejectUnauthorized: false,
        localAddress: this.from,
        headers,
      });
      socket.on('message', (data) => {
        const frame = JSON.parse(String(data)) as Record<string, unknown>;
        if (frame['method'] !== 'challenge') {
          heard.answers.push(frame);
          return;
        }
        heard.challenge = frame['params'] as Record<string, unknown>;
        const reply = typeof frames === 'function' ? frames(heard.challenge) : frames;
        for (const text of reply) socket.send(text);
      });
      socket.on('error', () => {});
      socket.on('close', (code) => resolve({ ...heard, closeCode: code }));
    });
  }
}

/** What to send once the challenge is known. */
export type Reply = (challenge: Record<string, unknown>) => readonly (string | Buffer)[];

export interface Conversation {
  challenge: Record<string, unknown> | undefined;
  answers: Record<string, unknown>[];
  closeCode: number;
}

function jsonOf(body: string | undefined): OutgoingHttpHeaders {
  return body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
}

function codeIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { error?: { code?: string } }).error?.code;
  } catch {
    return undefined;
  }
}
