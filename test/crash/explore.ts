import { join } from 'node:path';
import { runRecorded } from './run-recorded.ts';

export interface ExploreOptions {
  folder: string;
  library: string;
  seed: number;
  /** Things that people do in the workload. */
  edits: number;
  /** Distinct states to check at most. */
  states: number;
  /** The recovery of every so manieth state is recorded and crashed in turn; 0: of none. */
  recoverEvery: number;
  /** States to check of each such recovery, about. */
  recoveryStates: number;
  plants: readonly string[];
  /** States to look at until a planted bug must have been caught. */
  plantStates: number;
}

export interface ExploreReport {
  calls: number;
  states: number;
  recoveries: number;
  recoveryStates: number;
  violations: string[];
  planted: Record<string, { states: number; violations: number; example: string }>;
  /** How the recorded folder differs from the real one; empty: it does not. */
  complete: string;
}

const PROGRAM = new URL('./explore-main.ts', import.meta.url).pathname;

/** Runs one exploration in a process of its own. `say` gets its progress. Throws with what it said if it ends badly. */
export async function explore(options: ExploreOptions, say: (line: string) => void): Promise<ExploreReport> {
  const log = join(options.folder, 'recovery.log');
  return (await runRecorded(PROGRAM, { ...options, log, what: 'the exploration' }, say)) as ExploreReport;
}
