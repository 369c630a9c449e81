import { fstatSync } from 'node:fs';
import type { Followed } from '../box-socket.ts';
import type { Context } from '../context.ts';
import { type EventData, eventLine } from '../render/event.ts';
import { plain } from '../render/value.ts';

export interface EventOptions {
  topic: string;
  after?: string;
  /** Ends after so many events. */
  limit?: number;
}

/**
 * `jingu events <topic>`: one JSON object a line on stdout, `[events] ready` on stderr before the first, and a last
 * stderr line with how many and why it ended. Closing stdin ends it, where stdin is a pipe.
 */
export async function events(context: Context, { topic, after, limit }: EventOptions): Promise<void> {
  const { terminal, globals } = context;
  const stop = new AbortController();
  const signals = [context.signal, stop.signal];
  if (globals.timeoutMs !== undefined) signals.push(AbortSignal.timeout(globals.timeoutMs));
  const signal = AbortSignal.any(signals);
  if (isPipe(0)) process.stdin.on('end', () => stop.abort('stdin')).resume();
  let count = 0;
  let why = 'box-gone';
  try {
    for await (const followed of context.box.follow(topic, after, signal)) {
      if (followed.kind === 'ready') {
        terminal.note(`[events] ready topic=${topic}`);
        continue;
      }
      show(context, followed);
      if (followed.kind === 'event') count++;
      if (count === limit) {
        why = 'limit';
        break;
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    why = stop.signal.aborted ? 'stdin' : context.signal.aborted ? 'signal' : 'timeout';
  } finally {
    // The box holds the stream open; without this the process would wait for it.
    stop.abort('end');
    process.stdin.pause();
  }
  terminal.note(`[events] ${count} events, ended by ${why}`);
}

function show({ terminal }: Context, { kind, data }: Followed): void {
  if (!terminal.isHuman) return terminal.line(kind === 't' ? { text: data } : data);
  if (kind === 't') return terminal.show(plain((data as [number, number, string])[2]));
  terminal.show(eventLine(data as EventData, terminal));
}

function isPipe(fd: number): boolean {
  try {
    const facts = fstatSync(fd);
    return facts.isFIFO() || facts.isSocket();
  } catch {
    return false;
  }
}
