import { join } from 'node:path';
import { serveGuest } from '../guest/index.ts';
import { publicAddressesOnly } from './address.ts';
import { type DialPorts, systemResolve } from './connection.ts';
import { Fetcher } from './fetcher.ts';
import { EGRESS_RULES, type EgressRule } from './hosts.ts';
import { Ledger } from './ledger.ts';
import { TicketGate } from './ticket.ts';

export interface EgressStart {
  /** Key of the tickets, for this life only. */
  key: string;
  /** The ledger's file; a guest that is a unit of its own keeps it in its own state directory instead. */
  ledger: string;
}

/**
 * The guest that dials. What it may reach is in the program, never in its start message: a core that was taken over
 * cannot widen it. Tests run a program of their own that passes `test`. `stateDirectory` is where the service manager
 * lets this user write.
 */
export function serveEgress(
  test: Partial<DialPorts> & { rules?: readonly EgressRule[] } = {},
  stateDirectory?: string,
): void {
  const { rules = EGRESS_RULES, ...replaced } = test;
  const ports: DialPorts = { resolve: systemResolve, mayDial: publicAddressesOnly, ...replaced };
  let fetcher: Fetcher | undefined;
  let ledger: Ledger | undefined;
  const server = serveGuest({
    onStart(init) {
      const start = init as EgressStart;
      ledger = new Ledger(stateDirectory === undefined ? start.ledger : join(stateDirectory, 'ledger.ndjson'));
      ledger.open(Date.now());
      fetcher = new Fetcher({
        gate: new TicketGate(start.key),
        ledger,
        rules,
        ports,
        now: () => Date.now(),
        report: (record) => server.notify('ledger', { ledger: ledger?.id, record }),
      });
    },
    onDrain: () => ledger?.close(),
    methods: {
      fetch: (params, call) => fetcher!.fetch(params, call),
      ledger: ({ ledger: id, after }: { ledger: string | null; after: number }) => ({
        ledger: ledger!.id,
        // Another file than the core knows: everything in it is news.
        records: ledger!.after(id === ledger!.id ? after : 0),
      }),
    },
  });
}
