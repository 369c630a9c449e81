import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import { GuestServer, type ServeOptions } from './guest-server.ts';

/** systemd hands the accepted connection as standard input; the supervisor's own child gets it as descriptor 3. */
const SYSTEMD_FD = 0;
const SPAWN_FD = 3;

/**
 * Turns this process into a guest. Call it once, from the guest's main module. The process ends itself when the
 * stream closes, so it cannot outlive the core by more than a moment.
 */
export function serveGuest(options: ServeOptions): GuestServer {
  const fd = [SYSTEMD_FD, SPAWN_FD].find(isSocket);
  if (fd === undefined) {
    process.stderr.write('this program is a guest of the box and is started by it\n');
    process.exit(64);
  }
  const stream = new Socket({ fd, readable: true, writable: true });
  const server = new GuestServer(stream, options, {
    memoryBytes: () => process.memoryUsage.rss(),
    exit: (code) => process.exit(code),
    killGroup: () => process.kill(-process.pid, 'SIGKILL'),
  });
  server.start();
  return server;
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}
