import { existsSync, readFileSync } from 'node:fs';
import { type Logger, silentLogger, systemClock } from '../../../src/common/index.ts';
import { type GuestSpec, Supervisor, type SupervisorOptions } from '../../../src/guest/index.ts';

export const FIXTURE = new URL('./fixture-guest.ts', import.meta.url);

export function supervisor(options: Partial<SupervisorOptions> = {}): Supervisor {
  return new Supervisor({ clock: systemClock, log: silentLogger, ...options });
}

export function spec(
  over: Partial<Omit<GuestSpec, 'limits'>> & { limits?: Partial<GuestSpec['limits']> } = {},
): GuestSpec {
  return {
    name: 'fixture',
    program: FIXTURE,
    restart: 'on-demand',
    ...over,
    limits: { readyMs: 20_000, ...over.limits },
  };
}

/** Resolves when `check` holds: looks after each turn of real time, and fails loudly by the test's own timeout. */
export async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** A zombie is dead: only its exit status is left. */
export function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
  } catch {
    return false;
  }
}

export interface Line {
  event: string;
  fields: Record<string, unknown>;
}

export function recordingLogger(lines: Line[], base: Record<string, unknown> = {}): Logger {
  const write = (fields: Record<string, unknown>, event: string) => {
    lines.push({ event, fields: { ...base, ...fields } });
  };
  return {
    debug: write,
    info: write,
    warn: write,
    error: write,
    child: (fields) => recordingLogger(lines, { ...base, ...fields }),
  };
}
