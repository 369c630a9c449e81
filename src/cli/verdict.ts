import { EXIT } from './exit-codes.ts';

/**
 * An answer can be a bad verdict although the call went well: a broken record, a box that is not well, a backup that
 * is not sound. Scripts see it in the exit code.
 */
export function exitOfAnswer(answer: unknown): number {
  if (typeof answer !== 'object' || answer === null) return EXIT.done;
  const { ok, isSound, verdict } = answer as Record<string, unknown>;
  if (verdict === 'incomplete') return EXIT.partly;
  return ok === false || isSound === false || verdict === 'broken' ? EXIT.failed : EXIT.done;
}

/** A task that ended: it changed or answered something, a person said no, or it did not get there. */
export function exitOfTask({ state, result }: Record<string, unknown>): number {
  if (result === 'declined') return EXIT.denied;
  return state === 'done' && (result === 'changed' || result === 'answered') ? EXIT.done : EXIT.failed;
}
