import { fail, type JinguError } from '../common/index.ts';

/** One setting that could not be used. */
export interface ConfigProblem {
  key: string;
  source: 'file' | 'environment' | 'flag';
  /** The file's path, or the name of the variable or flag. */
  where: string;
  reason: string;
  nearest?: string;
}

export function problemError({ key, where, reason, nearest }: ConfigProblem): JinguError {
  const said = nearest ? `${reason} (did you mean "${nearest}"?)` : reason;
  return fail('CONFIG_INVALID', { key, where, reason: said, ...(nearest ? { nearest } : {}) });
}

/** What the recovery page and the log say: which key, from where, why, and what to do. One line a problem. */
export function describeProblems(problems: readonly ConfigProblem[]): string[] {
  return problems.map((problem) => problemError(problem).message);
}
