import { applyHunks, type TextHunk, wordHunks } from '../runs.ts';
import { type Content, contentOfText } from './content.ts';
import type { Cell } from './sheet.ts';
import { changeRuns } from './strings.ts';
import { inLines, type Values } from './values.ts';

/** A new text, or changes of the text that is there, in units of what the line shows. */
export type Typed = { text: string } | { hunks: TextHunk[] };

/** What a cell without an element is to hold. A cell of a table's head holds text, whatever was typed. */
export function contentOfNew(text: string, values: Values, isHead: boolean): Content {
  const typed = inLines(text);
  return isHead ? textContent(typed) : contentOfText(typed, undefined, values.looks.of(undefined), values.is1904);
}

/** What a cell is to hold; a text that stays text keeps the looks of its words. `source` is the part they stand in. */
export function contentOfTyped(
  cell: Cell,
  to: Typed,
  o: { values: Values; isHead: boolean; source: Buffer | undefined },
): Content {
  const { values, isHead, source } = o;
  const shown = values.shown(cell);
  const typed = 'text' in to ? to.text : applyHunks(shown, to.hunks);
  const holdsText = !cell.formula && ['s', 'inlineStr', 'str'].includes(cell.type);
  // A text that begins with `=` stays one where other words of it change.
  const isKept = holdsText && 'hunks' in to && /^'?=/.test(shown);
  const content = isKept
    ? textContent(typed)
    : contentOfText(inLines(typed), cell, values.looks.of(cell.style), values.is1904);
  if (content.kind === 'formula' || content.kind === 'empty') return content;
  if (content.kind !== 'text') return isHead ? textContent(inLines(typed)) : content;
  if (!holdsText) return content;
  const runs = values.runs(cell);
  const isQuoted = !isKept && typed.startsWith("'=");
  // What is shown and what is stored have the same units; only what changed is read as typed, with `↵` for a break.
  const hunks =
    'hunks' in to && !isQuoted
      ? to.hunks.flatMap((hunk) => wordHunks(shown.slice(hunk.from, hunk.to), hunk.text, hunk.from))
      : wordHunks(shown, isQuoted ? typed.slice(1) : typed);
  const changed = changeRuns(
    runs,
    hunks.map((hunk) => ({ ...hunk, text: inLines(hunk.text) })),
  );
  return { kind: 'text', runs: changed, ...(source ? { looks: source } : {}) };
}

function textContent(text: string): Content {
  return text === '' ? { kind: 'empty' } : { kind: 'text', runs: [{ text }] };
}
