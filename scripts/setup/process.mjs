// Plain JavaScript for Node 20: everything in scripts/setup runs before Node 24 and the modules are there.
import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';

/** One sentence to the person who is waiting. Progress is never data, so it goes to stderr. */
export function say(sentence) {
  process.stderr.write(`${sentence}\n`);
}

/** Runs to the end; throws with the tail of its output when it fails. */
export function runQuietly(command, args, options = {}) {
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20, ...options });
  if (done.error) throw done.error;
  if (done.status !== 0) {
    const tail = `${done.stdout ?? ''}${done.stderr ?? ''}`.trim().split('\n').slice(-15).join('\n');
    throw new Error(`${command} ${args.slice(0, 3).join(' ')} … ended with ${done.status ?? done.signal}\n${tail}`);
  }
  return done.stdout;
}

/**
 * Runs a child in the foreground with our terminal and resolves to its exit code. SIGTERM and SIGHUP are passed on.
 * SIGINT is passed on only when there is no terminal: on one, Ctrl-C already went to the whole process group, and a
 * second signal would read as "stop at once" to the child.
 */
export function runForeground(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options });
    const forward = (signal) => child.kill(signal);
    const interrupt = () => {
      if (!process.stdin.isTTY) child.kill('SIGINT');
    };
    process.on('SIGTERM', forward);
    process.on('SIGHUP', forward);
    process.on('SIGINT', interrupt);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGTERM', forward);
      process.off('SIGHUP', forward);
      process.off('SIGINT', interrupt);
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}
