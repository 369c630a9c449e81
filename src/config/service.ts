import type { Environment } from './paths.ts';

/** What systemd tells a service about itself. All absent when started by hand. */
export interface ServiceFacts {
  /** The datagram socket that `OpenFile=…:sd-notify` opened. */
  notifyFd: number | undefined;
  watchdogMs: number | undefined;
  /** stdout goes to the journal, which reads priorities. */
  journal: boolean;
  /** Where the secrets of this unit are (`LoadCredential=`). */
  credentials: string | undefined;
}

export function serviceFacts(env: Environment = process.env): ServiceFacts {
  // sd_listen_fds(3): descriptors start at 3, in the order of their names.
  const at = (env['LISTEN_FDNAMES'] ?? '').split(':').indexOf('sd-notify');
  const watchdogUsec = Number(env['WATCHDOG_USEC']);
  return {
    notifyFd: at < 0 ? undefined : 3 + at,
    watchdogMs: watchdogUsec > 0 ? watchdogUsec / 1000 : undefined,
    journal: Boolean(env['JOURNAL_STREAM']),
    credentials: env['CREDENTIALS_DIRECTORY'] || undefined,
  };
}
