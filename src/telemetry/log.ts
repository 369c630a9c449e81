import { type Logger as PinoLogger, pino } from 'pino';
import type { Logger } from '../common/index.ts';
import { redact } from './redact.ts';

export interface LogOptions {
  level: 'debug' | 'info' | 'warn' | 'error';
  /** `json`: a line is an object. `journal`: the same with the priority systemd reads before it. `line`: for people. */
  format: 'json' | 'journal' | 'line';
  write: (line: string) => void;
}

/** sd-daemon(3): what a service writes may begin with its syslog priority. */
const PRIORITY: Record<number, string> = { 20: '<7>', 30: '<6>', 40: '<4>', 50: '<3>' };
const NAMES: Record<number, string> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };

/** The Logger port over pino. One event a line, fields and no sentences; everything passes `redact` first. */
export function createLogger({ level, format, write }: LogOptions): Logger {
  const stream = {
    write(line: string) {
      if (format === 'json') write(line);
      else if (format === 'journal') write(`${PRIORITY[levelOf(line)] ?? ''}${line}`);
      else write(readable(line));
    },
  };
  return guarded(pino({ level, base: null, messageKey: 'event' }, stream));
}

/** pino's own redaction knows paths, not names at any depth, and leaves out what a child is bound to. */
function guarded(log: PinoLogger): Logger {
  const clean = (fields: Record<string, unknown>) => redact(fields) as Record<string, unknown>;
  return {
    debug: (fields, event) => log.isLevelEnabled('debug') && log.debug(clean(fields), event),
    info: (fields, event) => log.isLevelEnabled('info') && log.info(clean(fields), event),
    warn: (fields, event) => log.isLevelEnabled('warn') && log.warn(clean(fields), event),
    error: (fields, event) => log.error(clean(fields), event),
    child: (fields) => guarded(log.child(clean(fields))),
  };
}

/** pino writes the level first, always. */
function levelOf(line: string): number {
  return Number(/^\{"level":(\d+)/.exec(line)?.[1]);
}

function readable(line: string): string {
  const { level, time, event, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const clock = new Date(time as number).toTimeString().slice(0, 8);
  const facts = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${[clock, NAMES[level as number]?.padEnd(5), event, ...facts].join(' ')}\n`;
}
