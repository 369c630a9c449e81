import type { WireError } from '../../common/index.ts';
import type { Terminal } from '../terminal.ts';
import { plain, renderDiff } from './value.ts';

/** For people: what happened and what to do. For programs: the error object, one line, on stderr either way. */
export function showError(error: WireError, terminal: Terminal): void {
  if (!terminal.isHuman) return terminal.note(JSON.stringify(error));
  terminal.note(
    `${terminal.style('red', 'error', 'stderr')}  ${plain(error.message)} ${terminal.style('dim', `(${error.code})`, 'stderr')}`,
  );
  if (error.hint && !error.hint.includes('?"')) terminal.note(`       ${plain(error.hint)}`);
  const diff = error.details?.['diff'];
  if (typeof diff === 'string') terminal.note(renderDiff(diff, terminal));
}
