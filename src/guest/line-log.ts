import type { Readable } from 'node:stream';

const MAX_LINE = 2000;
const MAX_LINES_A_SECOND = 100;

/** Hands whole lines to `write`, cut to a length; a guest that floods its output only loses its own lines. */
export function logLines(stream: Readable, write: (line: string) => void): void {
  let rest = '';
  let second = 0;
  let lines = 0;
  let dropped = 0;
  const emit = (line: string) => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) {
      if (dropped > 0) write(`${dropped} lines were dropped`);
      second = now;
      lines = 0;
      dropped = 0;
    }
    if (++lines > MAX_LINES_A_SECOND) dropped++;
    else if (line !== '') write(line.slice(0, MAX_LINE));
  };
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = (parts.pop() ?? '').slice(0, MAX_LINE);
    for (const line of parts) emit(line);
  });
  stream.on('error', () => {});
  stream.on('close', () => emit(rest));
}
