import { isObject, isOffset, isText, type Members } from '../parse/sane.ts';
import type { Landing, OutlineEntry, SyntaxFault } from './ask.ts';

const isMaybe = (value: unknown, check: (value: unknown) => boolean): boolean => value === undefined || check(value);
const isCount = (value: unknown): boolean => isOffset(value, Number.MAX_SAFE_INTEGER);

/** Patches come in order, do not overlap and lie inside of the text, and so does the region. */
export function saneLanding(value: unknown, bytes: number): value is Landing {
  if (!isObject(value) || !isText(value['address']) || !isObject(value['region'])) return false;
  const { from, to } = value['region'];
  if (!isOffset(to, bytes) || !isOffset(from, to) || !Array.isArray(value['patches'])) return false;
  let last = 0;
  return (value['patches'] as unknown[]).every((patch) => {
    if (!isObject(patch) || !isText(patch['ins'])) return false;
    const { at, del } = patch;
    if (!isOffset(at, bytes) || at < last || !isOffset(del, bytes - at)) return false;
    last = at + del;
    return true;
  });
}

export function saneOutline(value: unknown): value is OutlineEntry[] {
  return Array.isArray(value) && value.every((entry) => isObject(entry) && isSaneEntry(entry));
}

function isSaneEntry({ line, level, title, to, address }: Members): boolean {
  return (
    isCount(line) && line !== 0 && isCount(level) && isText(title) && isMaybe(to, isCount) && isMaybe(address, isText)
  );
}

export function saneFault(value: unknown): value is SyntaxFault {
  return isObject(value) && isCount(value['line']) && isText(value['reason']);
}

export function saneLines(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}
