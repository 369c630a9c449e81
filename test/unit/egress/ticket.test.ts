import { expect, test } from 'vitest';
import { mintTicket, newTicketKey, type Ticket, TicketGate } from '../../../src/egress/ticket.ts';

const facts: Omit<Ticket, 'id' | 'expiresAt'> = {
  decisionId: 'dec_1',
  class: 'model-pull',
  host: 'models.example.org',
  port: 443,
  method: 'GET',
  path: '/a',
  headers: {},
  maxBytes: 10,
  actor: null,
  taskId: null,
};
const refused = (reason: string) => expect.objectContaining({ code: 'EGRESS_TICKET_REFUSED', details: { reason } });

test('a ticket passes once', () => {
  const key = newTicketKey();
  const gate = new TicketGate(key);
  const signed = mintTicket(key, 1000, facts);
  expect(gate.admit(structuredClone(signed), 1001)).toMatchObject(facts);
  expect(() => gate.admit(structuredClone(signed), 1002)).toThrow(refused('it was used before'));
});

test('a ticket does not pass after its time, whatever was remembered', () => {
  const key = newTicketKey();
  const gate = new TicketGate(key);
  const first = mintTicket(key, 0, facts);
  gate.admit(first, 1);
  expect(() => gate.admit(mintTicket(key, 0, facts), 30_000)).toThrow(refused('it has expired'));
  gate.admit(mintTicket(key, 40_000, facts), 40_001);
  expect(() => gate.admit(first, 40_002)).toThrow(refused('it has expired'));
});

test('a ticket of another life is refused', () => {
  const gate = new TicketGate(newTicketKey());
  expect(() => gate.admit(mintTicket(newTicketKey(), 0, facts), 1)).toThrow(refused('its seal is wrong'));
});

test.each(Object.keys({ ...facts, id: 1, expiresAt: 1 }))('a ticket with another %s is refused', (member) => {
  const key = newTicketKey();
  const signed = mintTicket(key, 0, facts);
  const ticket = { ...signed.ticket, [member]: 'other' };
  expect(() => new TicketGate(key).admit({ ...signed, ticket }, 1)).toThrow(refused('its seal is wrong'));
});

test.each([undefined, null, 1, 'x', [], {}, { ticket: null, mac: '' }, { ticket: {}, mac: 1 }])(
  '%j is no ticket',
  (given) => {
    expect(() => new TicketGate(newTicketKey()).admit(given, 1)).toThrow(refused('there is none'));
  },
);
