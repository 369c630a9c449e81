import type { ClientRequest, IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import type { Locale, WireError } from '../common/index.ts';
import type { InvokeRequest, InvokeResult } from '../protocol/invoke.ts';
import { PATHS } from '../protocol/rpc.ts';
import { CliError, cliFail } from './cli-error.ts';

/** `import` of node:http evaluates its getters and so loads undici, which costs a command 70 ms. */
const { request } = process.getBuiltinModule('node:http');

/** One line of an event stream. `t` is a text delta `[stream, to, text]`. */
export interface Followed {
  kind: 'ready' | 'event' | 't';
  data: unknown;
}

/** The console way into the box: HTTP over its unix socket, which only its own user and root can open. */
export class BoxSocket {
  readonly path: string;
  readonly #locale: Locale;

  constructor(path: string, locale: Locale) {
    this.path = path;
    this.#locale = locale;
  }

  /** Throws CliError with what the box answered, or BOX_UNREACHABLE. One retry when the box says that it may help. */
  async invoke(call: InvokeRequest, signal: AbortSignal): Promise<InvokeResult> {
    try {
      return await this.#invokeOnce(call, signal);
    } catch (error) {
      const wait = error instanceof CliError && error.wire.retryable ? (error.wire.retryAfterMs ?? 500) : undefined;
      if (wait === undefined || wait > 10_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
      signal.throwIfAborted();
      return await this.#invokeOnce(call, signal);
    }
  }

  async #invokeOnce({ operation, ...envelope }: InvokeRequest, signal: AbortSignal): Promise<InvokeResult> {
    const answer = await this.#send('POST', PATHS.operation + encodeURIComponent(operation), envelope, signal);
    const text = await this.#read(answer, signal);
    const body = this.#parse(text) as InvokeResult & { error?: WireError };
    if (body.error) throw new CliError(body.error);
    return body;
  }

  /** Events of a topic from `after` (`epoch:seq`) or from all that is kept; ends when the box closes the stream. */
  async *follow(topic: string, after: string | undefined, signal: AbortSignal): AsyncGenerator<Followed> {
    const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`;
    const answer = await this.#send('GET', PATHS.events + encodeURIComponent(topic) + query, undefined, signal);
    // An ended line is the end of the events, whether we let go or the box did; readline sees it close.
    answer.on('error', () => {});
    if (answer.statusCode !== 200) {
      const body = this.#parse(await this.#read(answer, signal)) as { error?: WireError };
      throw body.error ? new CliError(body.error) : cliFail('CLIENT_ANSWER_INVALID', { reason: topic }, this.#locale);
    }
    let kind = '';
    try {
      for await (const line of createInterface({ input: answer, crlfDelay: Number.POSITIVE_INFINITY })) {
        if (line.startsWith('event: ')) kind = line.slice(7);
        else if (line.startsWith('data: ')) yield { kind: kind as Followed['kind'], data: this.#parse(line.slice(6)) };
      }
    } finally {
      answer.destroy();
    }
  }

  /** The bytes behind a path of the box, into a stream, which is ended unless it is our own output. */
  async download(path: string, into: NodeJS.WritableStream, signal: AbortSignal): Promise<void> {
    const answer = await this.#send('GET', path, undefined, signal);
    if (answer.statusCode !== 200) {
      const body = this.#parse(await this.#read(answer, signal)) as { error?: WireError };
      throw body.error ? new CliError(body.error) : cliFail('CLIENT_ANSWER_INVALID', { reason: path }, this.#locale);
    }
    const { pipeline } = await import('node:stream/promises');
    await pipeline(answer, into, { signal, end: into !== process.stdout });
  }

  /** Sends `file` of so many bytes to a path of the box. Throws CliError with what the box answered. */
  async upload(path: string, file: NodeJS.ReadableStream, bytes: number, signal: AbortSignal): Promise<void> {
    const { pipeline } = await import('node:stream/promises');
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const type = { 'content-type': 'application/octet-stream', 'content-length': bytes };
      const call = this.#open('PUT', path, type, signal, resolve, reject);
      // What the box refuses it answers before it has read all; the broken pipe says nothing more.
      pipeline(file, call).catch((error: NodeJS.ErrnoException) => error.code === 'EPIPE' || reject(error));
    });
    const text = await this.#read(answer, signal);
    const { error } = this.#parse(text) as { error?: WireError };
    if (error) throw new CliError(error);
  }

  async #read(answer: IncomingMessage, signal: AbortSignal): Promise<string> {
    answer.setEncoding('utf8');
    let text = '';
    try {
      for await (const chunk of answer) text += chunk;
    } catch (cause) {
      signal.throwIfAborted();
      throw cliFail('CLIENT_CONNECTION_LOST', {}, this.#locale, cause);
    }
    return text;
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw cliFail('CLIENT_ANSWER_INVALID', { reason: text.slice(0, 80) }, this.#locale, cause);
    }
  }

  #send(method: string, path: string, body: unknown, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const call = this.#open(method, path, { 'content-type': 'application/json' }, signal, resolve, reject);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  #open(
    method: string,
    path: string,
    type: Record<string, string | number>,
    signal: AbortSignal,
    resolve: (answer: IncomingMessage) => void,
    reject: (reason: unknown) => void,
  ): ClientRequest {
    const headers = { ...type, 'accept-language': this.#locale, host: 'localhost' };
    const call = request({ socketPath: this.path, method, path, headers, signal }, resolve);
    call.on('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) return reject(signal.reason ?? error);
      const code = error.code === 'EACCES' || error.code === 'EPERM' ? 'BOX_FORBIDDEN' : 'BOX_UNREACHABLE';
      reject(cliFail(code, { socket: this.path }, this.#locale, error));
    });
    return call;
  }
}
