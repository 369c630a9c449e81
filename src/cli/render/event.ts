import type { Terminal } from '../terminal.ts';
import { plain } from './value.ts';

export interface EventData {
  topic: string;
  epoch: string;
  seq: number;
  kind: string;
  at: number;
  data: Record<string, unknown>;
}

/** One event for people: when, what, and the facts that are short enough for a line. */
export function eventLine(event: EventData, terminal: Terminal): string {
  const clock = new Date(event.at).toTimeString().slice(0, 8);
  const facts = Object.entries(event.data)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value) && !/\n|.{200}/.test(String(value)))
    .map(([name, value]) => `${name}=${plain(value)}`);
  return `${terminal.style('dim', clock)}  ${event.kind.padEnd(20)} ${facts.join('  ')}`;
}
