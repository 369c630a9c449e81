import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FIXTURE } from './rig.ts';

/**
 * What a socket unit with `Accept=yes` and `StandardInput=socket` does: one connection, one process, the connection as
 * its descriptor 0 and nothing of ours kept open.
 */
export class AcceptSocket {
  readonly path: string;
  readonly children: ChildProcess[] = [];
  readonly #directory = mkdtempSync(join(tmpdir(), 'jingu-accept-'));
  readonly #server: Server;

  constructor() {
    this.path = join(this.#directory, 'guest.sock');
    this.#server = createServer({ pauseOnConnect: true }, (connection) => {
      const child = spawn(process.execPath, [fileURLToPath(FIXTURE)], {
        stdio: [connection, 'ignore', 'ignore'],
        env: {},
        cwd: '/',
      });
      this.children.push(child);
      // The child has its own copy of the descriptor by now.
      connection.destroy();
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.path, resolve));
  }

  async close(): Promise<void> {
    for (const child of this.children) child.kill('SIGKILL');
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#directory, { recursive: true });
  }
}
