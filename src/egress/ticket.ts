import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { canonicalJson, fail, newId } from '../common/index.ts';

/** The permission for one dial. It says everything that leaves, so nothing can be added to it on the way. */
export interface Ticket {
  id: string;
  /** The policy decision this dial rests on. */
  decisionId: string;
  class: string;
  host: string;
  port: number;
  method: string;
  path: string;
  headers: Record<string, string>;
  /** Of the answer's body. */
  maxBytes: number;
  /** Wall clock, milliseconds. */
  expiresAt: number;
  actor: string | null;
  taskId: string | null;
}

export interface SignedTicket {
  ticket: Ticket;
  mac: string;
}

/** A dial follows its decision at once: a ticket that lies around is worth nothing. */
const LIFE_MS = 30_000;

/** Made anew at each start of the guest, so tickets of an earlier life are refused. */
export function newTicketKey(): string {
  return randomBytes(32).toString('base64url');
}

export function mintTicket(key: string, now: number, facts: Omit<Ticket, 'id' | 'expiresAt'>): SignedTicket {
  const ticket: Ticket = { ...facts, id: newId('tkt', now), expiresAt: now + LIFE_MS };
  return { ticket, mac: macOf(key, ticket) };
}

function macOf(key: string, ticket: unknown): string {
  return createHmac('sha256', Buffer.from(key, 'base64url')).update(canonicalJson(ticket)).digest('base64url');
}

/** The guest's side: accepts each ticket once, before it expires. Throws EGRESS_TICKET_REFUSED. */
export class TicketGate {
  readonly #key: string;
  /** Ids seen, with the time after which they could not pass anyway. Bounded by the life of a ticket. */
  readonly #used = new Map<string, number>();

  constructor(key: string) {
    this.#key = key;
  }

  admit(signed: unknown, now: number): Ticket {
    const { ticket, mac } = (signed ?? {}) as Partial<SignedTicket>;
    if (typeof ticket !== 'object' || ticket === null || typeof mac !== 'string') return refuse('there is none');
    const expected = Buffer.from(macOf(this.#key, ticket));
    const given = Buffer.from(mac);
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) return refuse('its seal is wrong');
    // From here on its members are what the core sealed.
    if (now >= ticket.expiresAt) return refuse('it has expired');
    if (this.#used.has(ticket.id)) return refuse('it was used before');
    for (const [id, until] of this.#used) if (until <= now) this.#used.delete(id);
    this.#used.set(ticket.id, ticket.expiresAt);
    return ticket;
  }
}

function refuse(reason: string): never {
  throw fail('EGRESS_TICKET_REFUSED', { reason });
}
