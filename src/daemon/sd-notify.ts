import { writeSync } from 'node:fs';

/**
 * systemd's notify protocol without native code: `OpenFile=/run/systemd/notify:sd-notify` hands us the connected
 * datagram socket, and a write is one message. Without the descriptor every call does nothing.
 */
export class SystemdNotify {
  readonly #fd: number | undefined;
  readonly watchdogMs: number | undefined;

  constructor(environment: { fdNames?: string | undefined; watchdogUsec?: string | undefined }) {
    // Passed descriptors start at 3, in the order of LISTEN_FDNAMES (sd_listen_fds(3)).
    const at = environment.fdNames?.split(':').indexOf('sd-notify') ?? -1;
    this.#fd = at < 0 ? undefined : 3 + at;
    const micros = Number(environment.watchdogUsec ?? 0);
    this.watchdogMs = this.#fd !== undefined && micros > 0 ? micros / 1000 : undefined;
  }

  ready(status: string): void {
    this.#send(`READY=1\nSTATUS=${status}`);
  }

  stopping(): void {
    this.#send('STOPPING=1');
  }

  alive(): void {
    this.#send('WATCHDOG=1');
  }

  #send(message: string): void {
    if (this.#fd === undefined) return;
    try {
      writeSync(this.#fd, message);
    } catch {
      // Telling systemd is a courtesy: a lost message must never stop the box.
    }
  }
}
