import type { Environment } from './paths.ts';

/** What systemd tells a service about itself. All absent when started by hand. */
export interface ServiceFacts {
  /** LISTEN_FDNAMES and WATCHDOG_USEC as they are, for the one who speaks to systemd. */
  fdNames: string | undefined;
  watchdogUsec: string | undefined;
  /** stdout goes to the journal, which reads priorities. */
  journal: boolean;
  /** Folder with the secrets of this unit (`LoadCredential=`). */
  credentials: string | undefined;
  /** Folder with a socket `<guest>.sock` for each guest that has a unit of its own; the core connects instead of spawning. */
  guestSockets: string | undefined;
}

export function serviceFacts(env: Environment = process.env): ServiceFacts {
  return {
    fdNames: env['LISTEN_FDNAMES'] || undefined,
    watchdogUsec: env['WATCHDOG_USEC'] || undefined,
    journal: Boolean(env['JOURNAL_STREAM']),
    credentials: env['CREDENTIALS_DIRECTORY'] || undefined,
    guestSockets: env['JINGU_GUEST_SOCKETS'] || undefined,
  };
}
