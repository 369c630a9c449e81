import type { FastifyReply, FastifyRequest } from 'fastify';
import { fail, type Locale } from '../common/index.ts';
import type { Caller } from '../protocol/index.ts';
import type { Seen } from './ports.ts';

/** Who a request is from, decided before any route runs. */
export interface Visitor {
  /** Undefined before authentication. */
  caller: Caller | undefined;
  isConsole: boolean;
  source: string;
  locale: Locale;
}

const visitors = new WeakMap<object, Visitor>();

export function remember(request: FastifyRequest, visitor: Visitor): void {
  visitors.set(request.raw, visitor);
}

/** Set by the first hook of every request, so it is there in every route. */
export function visitorOf(request: FastifyRequest): Visitor {
  return visitors.get(request.raw) ?? { caller: undefined, isConsole: false, source: 'unknown', locale: 'en' };
}

/** The caller, or UNAUTHENTICATED. */
export function requireCaller(request: FastifyRequest): Caller {
  const { caller } = visitorOf(request);
  if (!caller) throw fail('UNAUTHENTICATED');
  return caller;
}

export function seenOf(request: FastifyRequest): Seen {
  return { origin: request.headers.origin ?? null, source: visitorOf(request).source };
}

/** Aborts when the client goes away before it has its answer. (The request's own `close` fires once its body is read.) */
export function whileWaiting(reply: FastifyReply): AbortSignal {
  const abort = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableEnded) abort.abort();
  });
  return abort.signal;
}
