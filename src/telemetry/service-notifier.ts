import { writeSync } from 'node:fs';

/**
 * Tells systemd how we are (sd_notify(3)) through the descriptor it opened for us (`OpenFile=`), so no native code and
 * no process a ping. Without a descriptor every call does nothing; a gone socket is not our failure.
 */
export class ServiceNotifier {
  readonly #fd: number | undefined;

  constructor(fd: number | undefined) {
    this.#fd = fd;
  }

  /** Once the store is open and the sockets listen; never waits for a model. */
  ready(status: string): void {
    this.#send(`READY=1\nSTATUS=${oneLine(status)}`);
  }

  status(status: string): void {
    this.#send(`STATUS=${oneLine(status)}`);
  }

  /** Call at a third of the watchdog interval, from the main loop, only after the liveness checks passed. */
  alive(): void {
    this.#send('WATCHDOG=1');
  }

  stopping(): void {
    this.#send('STOPPING=1');
  }

  #send(message: string): void {
    if (this.#fd === undefined) return;
    try {
      writeSync(this.#fd, message);
    } catch {
      // The service manager is being restarted or is not there: nobody to tell.
    }
  }
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, 200);
