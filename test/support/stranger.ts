import type { OutgoingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { WebSocket } from 'ws';

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

  constructor(address: string) {
    this.address = address;
  }

  http(method: string, path: string, headers: OutgoingHttpHeaders = {}, body?: string): Promise<StrangerAnswer> {
    const [host, port] = this.address.split(':');
    return new Promise((resolve, reject) => {
      const call = request(
        { host, port, method, path, rejectUnauthorized: false, agent: false, headers: { ...jsonOf(body), ...headers } },
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

  /** Opens a socket, waits for the challenge, sends the frames, and tells all that came back until the box closed it. */
  frames(frames: readonly (string | Buffer)[], headers: Record<string, string> = {}): Promise<Conversation> {
    return new Promise((resolve) => {
      const heard: Conversation = { challenge: undefined, answers: [], closeCode: 0 };
      const socket = new WebSocket(`wss://${this.address}/ws`, 'jingu', { rejectUnauthorized: false, headers });
      socket.on('message', (data) => {
        const frame = JSON.parse(String(data)) as Record<string, unknown>;
        if (frame['method'] !== 'challenge') {
          heard.answers.push(frame);
          return;
        }
        heard.challenge = frame['params'] as Record<string, unknown>;
        for (const text of frames) socket.send(text);
      });
      socket.on('error', () => {});
      socket.on('close', (code) => resolve({ ...heard, closeCode: code }));
    });
  }
}

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
