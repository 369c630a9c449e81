import { type ChildProcess, spawn } from 'node:child_process';
import type { Logger } from '../common/index.ts';

/**
 * Guests end themselves when their stream closes, but one in an endless loop, or stopped, or a grandchild, would
 * outlive a core that died by SIGKILL. So one small shell holds the list of groups and the read end of a pipe: the
 * kernel closes the pipe with the core, however it died, and what is still on the list is killed after a grace.
 */
const SCRIPT = `
list=" "
while read -r op pid; do
  case $op in
    +) list="$list$pid " ;;
    -) case $list in *" $pid "*) list="\${list%% $pid *} \${list#* $pid }" ;; esac ;;
  esac
done
case $list in *[0-9]*) ;; *) exit 0 ;; esac
for turn in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  alive=
  for pid in $list; do kill -s 0 -- "-$pid" 2>/dev/null && alive=yes; done
  [ "$alive" ] || exit 0
  sleep 0.1
done
for pid in $list; do kill -s KILL -- "-$pid" 2>/dev/null; done
`;

export class Reaper {
  readonly #log: Logger;
  #shell: ChildProcess | undefined;
  #closed: Promise<void> = Promise.resolve();

  constructor(log: Logger) {
    this.#log = log;
  }

  watch(pid: number): void {
    this.#shell ??= this.#start();
    this.#shell.stdin?.write(`+ ${pid}\n`);
  }

  forget(pid: number): void {
    this.#shell?.stdin?.write(`- ${pid}\n`);
  }

  /** Ends the shell; it kills whatever was never forgotten. */
  async stop(): Promise<void> {
    this.#shell?.stdin?.end();
    await this.#closed;
    this.#shell = undefined;
  }

  #start(): ChildProcess {
    const shell = spawn('/bin/sh', ['-c', SCRIPT], {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin' },
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#closed = new Promise((resolve) => {
      shell.once('close', () => resolve());
      shell.once('error', (error) => {
        this.#log.warn({ reason: error.message }, 'guest-reaper-missing');
        resolve();
      });
    });
    // EPIPE when somebody killed the shell: guests still end themselves with their stream.
    shell.stdin?.on('error', () => {});
    return shell;
  }
}
