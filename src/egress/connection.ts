import { lookup as systemLookup } from 'node:dns';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { fail, isJinguError, type JinguError } from '../common/index.ts';
import type { AddressPolicy } from './address.ts';
import type { Ticket } from './ticket.ts';

/** Name, connection and TLS together: a source that cannot be reached costs no more than this. */
export const CONNECT_MS = 5000;
/** Between the parts of an answer, and before its first. */
const IDLE_MS = 30_000;

/** What a test replaces; the shipped guest has the system's resolver, public addresses only and the built-in roots. */
export interface DialPorts {
  resolve: (host: string) => Promise<string[]>;
  mayDial: AddressPolicy;
  ca?: string;
}

export const systemResolve: DialPorts['resolve'] = (host) =>
  new Promise((resolve, reject) => {
    systemLookup(host, { all: true }, (error, found) => {
      if (error) reject(error);
      else resolve(found.map((entry) => entry.address));
    });
  });

export interface Connection {
  socket: Socket;
  secure: TLSSocket;
}

/** Covers `resolveChecked` and `dial` together. */
export function connectDeadline(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)]);
}

/** The addresses of a name, each of them checked: one forbidden address among several refuses the name. */
export async function resolveChecked(host: string, ports: DialPorts, deadline: AbortSignal): Promise<string[]> {
  const addresses = await orAbort(ports.resolve(host), deadline).catch((error) => {
    throw unreachable(host, error);
  });
  if (addresses.length === 0) throw fail('EGRESS_UNREACHABLE', { host, reason: 'the name has no address' });
  for (const address of addresses) {
    const range = ports.mayDial(address);
    if (range !== undefined) throw fail('EGRESS_ADDRESS_REFUSED', { host, address, range });
  }
  return addresses;
}

/**
 * Connects to one of exactly these addresses. Nothing is looked up a second time, so a name that changes its mind in
 * between (DNS rebinding) changes nothing.
 */
export function connectTo(ticket: Ticket, addresses: readonly string[], ports: DialPorts): Connection {
  const { host, port } = ticket;
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  const socket = connect({
    host,
    port,
    autoSelectFamily: true,
    // `autoSelectFamily` asks for all of them.
    lookup: (_host, _options, callback) => callback(null, found),
  });
  const roots = ports.ca === undefined ? {} : { ca: ports.ca };
  const secure = connectTls({ socket, servername: host, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'], ...roots });
  return { socket, secure };
}

/** Resolves when the far side has proved its name. */
export async function secured({ host }: Ticket, connection: Connection, deadline: AbortSignal): Promise<void> {
  const { socket, secure } = connection;
  const done = new Promise<void>((resolve, reject) => {
    secure.once('secureConnect', resolve);
    secure.on('error', reject);
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
  });
  try {
    await orAbort(done, deadline);
  } catch (error) {
    const hasAnswered = socket.bytesRead > 0;
    if (!hasAnswered || deadline.aborted) throw unreachable(host, error);
    throw fail('EGRESS_TLS_REFUSED', { host, reason: textOf(error) }, error);
  }
}

/** Sends the request of the ticket over the connection and resolves with the head of the answer. */
export function send(ticket: Ticket, { secure }: Connection, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing: ClientRequest = request({
      createConnection: () => secure,
      host: ticket.host,
      port: ticket.port,
      method: ticket.method,
      path: ticket.path,
      headers: { ...ticket.headers, 'user-agent': 'Jingu', 'accept-encoding': 'identity', connection: 'close' },
      maxHeaderSize: 16_384,
      signal,
    });
    const idle = idleTimer((error) => outgoing.destroy(error));
    outgoing.once('response', (answer) => {
      idle();
      resolve(answer);
    });
    outgoing.once('close', idle);
    // 'error' may come more than once, also after the answer began; the body's reader hears of that itself.
    outgoing.on('error', (error) => reject(broken(ticket.host, error, signal)));
    outgoing.end();
  });
}

/** Calls `onIdle` after the idle time unless the returned function is called first. */
export function idleTimer(onIdle: (error: Error) => void): () => void {
  const timer = setTimeout(() => onIdle(new Error(`nothing came for ${IDLE_MS / 1000} s`)), IDLE_MS);
  return () => clearTimeout(timer);
}

export function broken(host: string, error: unknown, signal: AbortSignal): JinguError {
  if (isJinguError(error)) return error;
  if (signal.aborted) return fail('CANCELLED');
  return fail('EGRESS_BROKEN', { host, reason: textOf(error) }, error);
}

function unreachable(host: string, error: unknown): JinguError {
  const isLate = error instanceof DOMException && error.name === 'TimeoutError';
  return fail('EGRESS_UNREACHABLE', { host, reason: isLate ? `no answer in ${CONNECT_MS / 1000} s` : textOf(error) });
}

function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function textOf(error: unknown): string {
  const text =
    error instanceof Error ? error.message || ((error as { code?: string }).code ?? error.name) : String(error);
  return text.split('\n')[0]!.slice(0, 200);
}
