import { join } from 'node:path';
import { runRecorded } from './run-recorded.ts';

export interface FaultOptions {
  folder: string;
  library: string;
  seed: number;
  /** Every so manieth call, beginning with `from`. */
  every: number;
  from: number;
}

export interface FaultReport {
  kinds: Record<string, { runs: number; given: number; states: number; problems: string[] }>;
}

const PROGRAM = new URL('./faults-main.ts', import.meta.url).pathname;

/** Makes calls fail one after the other in a process of its own. `say` gets its progress. */
export async function injectFaults(options: FaultOptions, say: (line: string) => void): Promise<FaultReport> {
  const log = join(options.folder, 'log');
  return (await runRecorded(PROGRAM, { ...options, log, what: 'the injection of faults' }, say)) as FaultReport;
}
