import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, type Database, fail, type Logger } from '../common/index.ts';
import type { GuestHandle, Supervisor } from '../guest/index.ts';
import { Body } from './body.ts';
import type { Head } from './fetcher.ts';
import { assertAllowed, EGRESS_RULES, type EgressClass, type EgressRule } from './hosts.ts';
import type { LedgerRecord } from './ledger.ts';
import { addRecord, position } from './repository.ts';
import type { EgressStart } from './serve-egress.ts';
import { parseRedirect, parseTarget, type Target } from './target.ts';
import { mintTicket, newTicketKey } from './ticket.ts';

export interface EgressOptions {
  supervisor: Supervisor;
  database: Database;
  clock: Clock;
  log: Logger;
  /** The data directory; the guest gets a folder of its own in it, `egress/`, and may touch no other. */
  directory: string;
  /** A socket of the unit, where a service manager starts the guest. */
  socket?: string;
  /** For tests: a program that may reach a stand-in server, and the rules it has. */
  test?: { program: URL; rules: readonly EgressRule[] };
}

export interface OpenRequest {
  url: string;
  class: EgressClass;
  /** The policy decision (or audit intent) this rests on; it is in the ledger. */
  decisionId: string;
  method?: 'GET' | 'HEAD';
  /** First and last byte, both included; `to` left out: to the end. */
  range?: { from: number; to?: number };
  /** With `range`: the `etag` it belongs to; a changed file then comes whole (status 200). */
  ifRange?: string;
  /** Of the body. Default 16 GiB. */
  maxBytes?: number;
  actor?: string;
  taskId?: string;
  signal?: AbortSignal;
}

export interface OpenAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** Read it to the end, leave its loop, or call `stop`: otherwise the connection is held. */
  body: Body;
  /** The host that answered, after redirects. */
  host: string;
}

const MAX_HOPS = 5;
const MAX_BYTES = 16 * 1024 ** 3;
/** A pull of many gigabytes over a slow line; the guest has its own idle deadline. */
const WHOLE_MS = 24 * 3_600_000;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** The core's side of the one way out: mints tickets, follows redirects by list, keeps a copy of the ledger. */
export class Egress {
  readonly #options: EgressOptions;
  readonly #rules: readonly EgressRule[];
  #guest: GuestHandle | undefined;
  #key = '';
  #unlisten: (() => void)[] = [];
  #ledgerWork: Promise<void> = Promise.resolve();

  constructor(options: EgressOptions) {
    this.#options = options;
    this.#rules = options.test?.rules ?? EGRESS_RULES;
  }

  /** Takes the guest in; it is started by the first `open`. */
  start(): void {
    const { supervisor, socket, test } = this.#options;
    const directory = join(this.#options.directory, 'egress');
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const program = test?.program ?? new URL('./guest-main.ts', import.meta.url);
    const guest = supervisor.start({
      name: 'egress',
      program,
      restart: 'on-demand',
      init: (): EgressStart => {
        this.#key = newTicketKey();
        return { key: this.#key, ledger: join(directory, 'ledger.ndjson') };
      },
      nodeOptions: test ? [] : permissions(directory),
      limits: { memoryMb: 256, readyMs: 15_000, maxRequests: 16 },
      errors: [
        'CANCELLED',
        'EGRESS_ADDRESS_REFUSED',
        'EGRESS_BROKEN',
        'EGRESS_HOST_DENIED',
        'EGRESS_LEDGER_FAILED',
        'EGRESS_TICKET_REFUSED',
        'EGRESS_TLS_REFUSED',
        'EGRESS_TOO_LARGE',
        'EGRESS_UNREACHABLE',
        'EGRESS_URL_REFUSED',
      ],
      ...(socket === undefined ? {} : { socket }),
    });
    this.#guest = guest;
    this.#unlisten = [
      guest.on('state', ({ state }) => {
        if (state === 'ready') this.#inOrder(() => this.#catchUp(guest));
      }),
      guest.on('notify', (method, params) => {
        if (method === 'ledger') this.#inOrder(() => this.#store(params as { ledger: string; record: LedgerRecord }));
      }),
    ];
  }

  async stop(): Promise<void> {
    const guest = this.#guest;
    this.#guest = undefined;
    await guest?.stop();
    for (const off of this.#unlisten.splice(0)) off();
    await this.#ledgerWork;
  }

  /**
   * Opens one address and resolves with the head of its answer. Every hop of a redirect is checked and ticketed anew.
   * Rejects with EGRESS_*, GUEST_* or CANCELLED; after that, the same errors come out of reading the body.
   */
  async open(request: OpenRequest): Promise<OpenAnswer> {
    let target = parseTarget(request.url);
    for (let hop = 0; ; hop++) {
      const answer = await this.#once(target, request);
      const location = answer.headers['location'];
      if (!REDIRECTS.has(answer.status) || location === undefined) return answer;
      answer.body.stop();
      const { host } = target;
      if (hop === MAX_HOPS) throw fail('EGRESS_REDIRECT_REFUSED', { host, reason: 'again and again' });
      target = this.#redirected(target, location, request);
    }
  }

  #redirected(from: Target, location: string, request: OpenRequest): Target {
    try {
      const target = parseRedirect(from, location);
      assertAllowed(this.#rules, { class: request.class, method: request.method ?? 'GET', ...target });
      return target;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw fail('EGRESS_REDIRECT_REFUSED', { host: from.host, reason }, error);
    }
  }

  async #once(target: Target, request: OpenRequest): Promise<OpenAnswer> {
    const guest = this.#guest;
    if (!guest) throw fail('UNAVAILABLE', { reason: 'the way out is closed' });
    const { class: purpose, decisionId, method = 'GET', maxBytes = MAX_BYTES } = request;
    assertAllowed(this.#rules, { class: purpose, host: target.host, port: target.port, method });
    // The key belongs to a life of the guest, so the ticket is minted when that life is there.
    await guest.ready(request.signal ? { signal: request.signal } : {});
    const { clock } = this.#options;
    const facts = { decisionId, class: purpose, ...target, method, headers: headersOf(request), maxBytes };
    const who = { actor: request.actor ?? null, taskId: request.taskId ?? null };
    const key = this.#key;
    const signed = mintTicket(key, clock.now(), { ...facts, ...who });

    const stop = new AbortController();
    const signal = request.signal ? AbortSignal.any([request.signal, stop.signal]) : stop.signal;
    const body = new Body(() => stop.abort());
    return new Promise<OpenAnswer>((resolve, reject) => {
      let head: Head | undefined;
      const onPart = (part: unknown): Promise<void> | undefined => {
        if (part instanceof Uint8Array) return body.push(part);
        if (head) return undefined;
        head = part as Head;
        resolve({ status: head.status, headers: head.headers, body, host: target.host });
        return undefined;
      };
      guest.request('fetch', signed, { signal, timeoutMs: WHOLE_MS, onPart }).then(
        () => body.finish(),
        (error) => {
          // The guest was started anew between the ticket and its use: as good as gone while it worked.
          const isStale = key !== this.#key;
          const failure = isStale ? fail('GUEST_GONE', { guest: 'egress', reason: 'it was started anew' }) : error;
          body.fail(failure);
          reject(failure);
        },
      );
    });
  }

  /** The copy has the order of the ledger: what was missed comes before what is new. */
  #inOrder(work: () => Promise<void>): void {
    this.#ledgerWork = this.#ledgerWork.then(work);
  }

  /** Fetches what the guest recorded while the core was not listening. */
  async #catchUp(guest: GuestHandle): Promise<void> {
    try {
      for (;;) {
        const from = position(this.#options.database);
        const answer = (await guest.request('ledger', from)) as { ledger: string; records: LedgerRecord[] };
        if (answer.records.length === 0) return;
        await this.#options.database.write((tx) => {
          for (const record of answer.records) addRecord(tx, answer.ledger, record);
        });
      }
    } catch (error) {
      this.#complain(error);
    }
  }

  async #store({ ledger, record }: { ledger: string; record: LedgerRecord }): Promise<void> {
    try {
      await this.#options.database.write((tx) => addRecord(tx, ledger, record));
    } catch (error) {
      // Not lost: the file has it, and the next start of the guest brings it here.
      this.#complain(error);
    }
  }

  #complain(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#options.log.warn({ reason }, 'egress-ledger-behind');
  }
}

function headersOf({ range, ifRange }: OpenRequest): Record<string, string> {
  const headers: Record<string, string> = { accept: '*/*' };
  if (range) headers['range'] = `bytes=${range.from}-${range.to ?? ''}`;
  if (range && ifRange !== undefined) headers['if-range'] = ifRange;
  return headers;
}

/** Node's own permission model as a second fence: no child processes, workers or addons, no files but these. */
function permissions(directory: string): string[] {
  const source = fileURLToPath(new URL('../', import.meta.url));
  return ['--permission', `--allow-fs-read=${source}`, `--allow-fs-read=${directory}`, `--allow-fs-write=${directory}`];
}
