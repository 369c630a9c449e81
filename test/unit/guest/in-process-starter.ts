import { duplexPair } from 'node:stream';
import { GuestServer } from '../../../src/guest/guest-server.ts';
import type { GuestExit, GuestProcess, Starter } from '../../../src/guest/index.ts';

/** A guest in this very process: for what would need a hundred processes. */
export class InProcessStarter implements Starter {
  async start(): Promise<GuestProcess> {
    const [ours, theirs] = duplexPair();
    let exit: (value: GuestExit) => void = () => {};
    const exited = new Promise<GuestExit>((resolve) => {
      exit = resolve;
    });
    const end = (code: number) => {
      theirs.destroy();
      ours.destroy();
      exit({ code, signal: null });
    };
    const methods = { echo: (params: unknown) => params, wait: () => new Promise(() => {}) };
    const port = { memoryBytes: () => 1, exit: end, killGroup: () => {} };
    new GuestServer(theirs, { methods }, port).start();
    return { pid: null, stream: ours, isLeader: false, exited, memoryBytes: async () => 1, kill: () => end(137) };
  }

  async stop(): Promise<void> {}
}
