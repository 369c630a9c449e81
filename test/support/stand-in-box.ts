import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CATEGORIES, type Category } from '../../src/common/index.ts';

type Answer = { status?: number; body: unknown } | { events: string; stayOpen?: boolean };

/** Answers on a unix socket as scripted: what a box of another version, or a broken one, would say. */
export class StandInBox {
  readonly data = mkdtempSync(join(tmpdir(), 'jingu-standin-'));
  readonly calls: { path: string; body: Record<string, unknown>; headers: IncomingMessage['headers'] }[] = [];
  readonly #server: Server;
  readonly #answer: (operation: string, body: Record<string, unknown>, count: number) => Answer;

  constructor(answer: (operation: string, body: Record<string, unknown>, count: number) => Answer) {
    this.#answer = answer;
    this.#server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
        const path = decodeURIComponent(request.url ?? '');
        this.calls.push({ path, body, headers: request.headers });
        const count = this.calls.filter((call) => call.path === path).length;
        const answer = this.#answer(path.replace('/api/op/', ''), body, count);
        if ('events' in answer) {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.write(answer.events);
          if (!answer.stayOpen) response.end();
        } else response.writeHead(answer.status ?? 200).end(JSON.stringify(answer.body));
      });
    });
  }

  start(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(join(this.data, 'jingu.sock'), resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** An answer of the door. */
export const output = (value: unknown): Answer => ({ body: { output: value, callId: 'call_1', label: {} } });

/** A refusal of that category. */
export const refusal = (category: Category, code: string, more: object = {}): Answer => ({
  status: CATEGORIES[category].http,
  body: { error: { code, category, message: `${code} in words`, retryable: false, hint: 'do this', ...more } },
});
