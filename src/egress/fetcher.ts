import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { canonicalJson, fail } from '../common/index.ts';
import type { GuestCall } from '../guest/index.ts';
import {
  broken,
  type Connection,
  connectDeadline,
  connectTo,
  type DialPorts,
  idleTimer,
  resolveChecked,
  secured,
  send,
} from './connection.ts';
import { assertAllowed, type EgressRule } from './hosts.ts';
import type { Ledger, LedgerRecord } from './ledger.ts';
import { checkHost } from './target.ts';
import type { Ticket, TicketGate } from './ticket.ts';

/** The first part of every answer; the body follows as binary parts. */
export interface Head {
  status: number;
  headers: Record<string, string>;
  address: string;
}

const SENT_HEADERS = new Set(['accept', 'range', 'if-range', 'if-none-match']);
const KEPT_HEADERS = [
  'accept-ranges',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'last-modified',
  'location',
  'retry-after',
  'x-linked-etag',
  'x-linked-size',
];
const CLOSE_MS = 1000;

type Facts = Omit<LedgerRecord, 'seq' | 'at' | 'kind'>;

export interface FetcherOptions {
  gate: TicketGate;
  ledger: Ledger;
  rules: readonly EgressRule[];
  ports: DialPorts;
  now: () => number;
  report: (record: LedgerRecord) => void;
}

/** One ticket, one dial, one answer; follows no redirect by itself: the core mints a ticket for every hop. */
export class Fetcher {
  readonly #options: FetcherOptions;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  async fetch(signed: unknown, { signal, part }: Pick<GuestCall, 'signal' | 'part'>): Promise<{ bodyBytes: number }> {
    const { gate, now, ports } = this.#options;
    const ticket = gate.admit(signed, now());
    const facts = factsOf(ticket);
    const deadline = connectDeadline(signal);
    let addresses: string[];
    try {
      this.#check(ticket);
      addresses = await resolveChecked(ticket.host, ports, deadline);
    } catch (error) {
      const failure = broken(ticket.host, error, signal);
      this.#record('refused', { ...facts, outcome: failure.code });
      throw failure;
    }
    // Invariant: the record is durable before anything leaves.
    this.#record('dial', facts);
    const connection = connectTo(ticket, addresses, ports);
    let outcome = 'ok';
    try {
      await secured(ticket, connection, deadline);
      facts.address = connection.socket.remoteAddress ?? null;
      const answer = await send(ticket, connection, signal);
      facts.status = answer.statusCode ?? null;
      await part(headOf(answer, facts.address));
      facts.bodyBytes = await this.#body(ticket, answer, { signal, part });
      await closed(connection);
      return { bodyBytes: facts.bodyBytes };
    } catch (error) {
      const failure = signal.aborted ? fail('CANCELLED') : broken(ticket.host, error, signal);
      outcome = failure.code;
      throw failure;
    } finally {
      connection.secure.destroy();
      connection.socket.destroy();
      const { bytesWritten: bytesOut, bytesRead: bytesIn } = connection.socket;
      this.#record('end', { ...facts, bytesOut, bytesIn, outcome });
    }
  }

  #check(ticket: Ticket): void {
    checkHost(ticket.host);
    assertAllowed(this.#options.rules, ticket);
    for (const name of Object.keys(ticket.headers)) {
      if (!SENT_HEADERS.has(name)) throw fail('EGRESS_TICKET_REFUSED', { reason: `the header ${name} is not sent` });
    }
  }

  async #body(
    ticket: Ticket,
    answer: IncomingMessage,
    { signal, part }: Pick<GuestCall, 'signal' | 'part'>,
  ): Promise<number> {
    const status = answer.statusCode ?? 0;
    if (status >= 300 && status < 400) return 0;
    const { maxBytes: limit, host } = ticket;
    const tooLarge = () => fail('EGRESS_TOO_LARGE', { host, limit });
    if (ticket.method !== 'HEAD' && Number(answer.headers['content-length'] ?? 0) > limit) throw tooLarge();
    let total = 0;
    // Runs only while the far side is waited for: a slow reader on this side is not its fault.
    const expectMore = () => idleTimer((error) => answer.destroy(error));
    let stopIdle = expectMore();
    try {
      for await (const chunk of answer as AsyncIterable<Uint8Array>) {
        stopIdle();
        total += chunk.length;
        if (total > limit) throw tooLarge();
        await part(chunk);
        if (signal.aborted) throw fail('CANCELLED');
        stopIdle = expectMore();
      }
      return total;
    } finally {
      stopIdle();
    }
  }

  #record(kind: LedgerRecord['kind'], facts: Facts): void {
    const { ledger, now, report } = this.#options;
    report(ledger.append(now(), { kind, ...facts }));
  }
}

function factsOf(ticket: Ticket): Facts {
  const { method, host, port, path, headers } = ticket;
  return {
    ticket: ticket.id,
    decisionId: ticket.decisionId,
    class: ticket.class,
    actor: ticket.actor,
    taskId: ticket.taskId,
    method,
    host,
    port,
    path: path.split('?')[0]!,
    requestHash: createHash('sha256').update(canonicalJson({ method, host, port, path, headers })).digest('hex'),
    address: null,
    status: null,
    bytesOut: 0,
    bytesIn: 0,
    bodyBytes: 0,
    outcome: null,
  };
}

function headOf(answer: IncomingMessage, address: string | null): Head {
  const headers: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = answer.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return { status: answer.statusCode ?? 0, headers, address: address ?? '' };
}

/** Lets the far side close first, so that the count of bytes includes its goodbye. */
async function closed({ socket }: Connection): Promise<void> {
  if (!socket.closed) await once(socket, 'close', { signal: AbortSignal.timeout(CLOSE_MS) }).catch(() => {});
}
