import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request as plain } from 'node:http';
import { request as secure } from 'node:https';
import type { LiveBox } from './live-box.ts';

export interface RestAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** The body as JSON. */
  json<T = Record<string, unknown>>(): T;
}

/** REST as a program speaks it: over TLS with a bearer, or over the console's socket without one. */
export class Rest {
  readonly #box: LiveBox;
  readonly #bearer: string | undefined;

  constructor(box: LiveBox, bearer?: string) {
    this.#box = box;
    this.#bearer = bearer;
  }

  /** `cut`: the connection is broken once that much of the body was handed to the kernel; rejects then. */
  call(
    method: string,
    path: string,
    options: { headers?: OutgoingHttpHeaders; body?: Buffer | string; cut?: number; console?: boolean } = {},
  ): Promise<RestAnswer> {
    const [host, port] = this.#box.address.split(':');
    const { body, cut } = options;
    const bytes = body === undefined ? undefined : Buffer.from(body as string);
    const headers: OutgoingHttpHeaders = {
      ...(this.#bearer && !options.console ? { authorization: `Bearer ${this.#bearer}` } : {}),
      ...(bytes ? { 'content-length': bytes.length } : {}),
      ...options.headers,
    };
    return new Promise((resolve, reject) => {
      const call = options.console
        ? plain({ socketPath: this.#box.socketPath, method, path, headers })
        : secure({ host, port, method, path, headers, rejectUnauthorized: false, agent: false });
      call.on('response', (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () => {
          const whole = Buffer.concat(parts);
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: whole,
            json: () => JSON.parse(whole.toString()),
          });
        });
      });
      call.on('error', reject);
      if (bytes && cut !== undefined) call.write(bytes.subarray(0, cut), () => call.destroy());
      else call.end(bytes);
    });
  }

  /** An operation; the answer whatever it is. */
  async op<T = Record<string, unknown>>(operation: string, input: object, key: string): Promise<T> {
    const body = JSON.stringify({ input, idempotencyKey: key });
    const answer = await this.call('POST', `/api/op/${operation}`, {
      headers: { 'content-type': 'application/json' },
      body,
    });
    return answer.json<T>();
  }
}
