import { connect } from 'node:net';
import type { GuestExit, GuestProcess, GuestSpec, Starter } from './types.ts';

/**
 * Reaches a guest that a service manager starts: a socket unit with `Accept=yes`, one connection one process. Its unit
 * sets user, memory, network and the end of everything in its cgroup when the connection closes; what the core can do
 * is let go.
 */
export class ConnectStarter implements Starter {
  async start(spec: GuestSpec): Promise<GuestProcess> {
    const path = spec.socket;
    if (path === undefined) throw new Error('the guest has no socket to connect to');
    const stream = connect(path);
    // Later errors are followed by 'close', which is the end of the guest.
    stream.on('error', () => {});
    await new Promise<void>((resolve, reject) => {
      stream.once('connect', () => {
        stream.off('error', reject);
        resolve();
      });
      stream.once('error', reject);
    });
    const exited = new Promise<GuestExit>((resolve) => {
      stream.once('close', () => resolve({ code: null, signal: null }));
    });
    return {
      pid: null,
      stream,
      isLeader: false,
      exited,
      memoryBytes: async () => undefined,
      kill: () => stream.destroy(),
    };
  }

  async stop(): Promise<void> {}
}
