import { isIndex } from '../pointer.ts';
import { commentEnd, skipSpace } from './check.ts';

/** A member of an object or an element of an array. Offsets are bytes; `to` is the end of the value. */
export interface Member {
  /** Beginning: of the key, or of the element. */
  from: number;
  key: string | undefined;
  value: number;
  to: number;
  /** The comma behind it, or -1. */
  comma: number;
}

export interface Place {
  /** The brackets around; nothing for the value of the whole text. */
  container: { open: number; close: number; isObject: boolean } | undefined;
  member: Member;
  before: Member | undefined;
  next: Member | undefined;
}

export interface Search {
  places: Place[];
  /** Steps that exist where the search stopped, for errors. */
  known: string[];
  /** Where keys of the path begin that an object has more than once. */
  doubled: number[];
}

const MAX_KNOWN = 20_000;

/**
 * Everything that a pointer names in checked JSON: more than one place if keys are doubled. Each byte is read once.
 * Recursion is as deep as the pointer is long.
 */
export function findPlaces(b: Uint8Array, steps: readonly string[], from = 0): Search {
  const search: Search = { places: [], known: [], doubled: [] };
  let at = from;
  if (b[at] === 0xef && b[at + 1] === 0xbb && b[at + 2] === 0xbf) at += 3;
  at = skipSpace(b, at);
  if (steps.length === 0) {
    const member = { from: at, key: undefined, value: at, to: skipValue(b, at), comma: -1 };
    search.places.push({ container: undefined, member, before: undefined, next: undefined });
  } else descend(b, at, steps, 0, search, { deepest: -1 });
  return search;
}

/** Returns the end of the value at `open`. */
function descend(
  b: Uint8Array,
  open: number,
  steps: readonly string[],
  depth: number,
  search: Search,
  state: { deepest: number },
): number {
  if (b[open] !== 123 && b[open] !== 91) return skipValue(b, open);
  const isObject = b[open] === 123;
  const step = steps[depth]!;
  const isLast = depth === steps.length - 1;
  const wantIndex = !isObject && isIndex(step) ? Number(step) : -1;
  if (depth > state.deepest) {
    state.deepest = depth;
    search.known = [];
  }
  const container = { open, close: -1, isObject };
  let index = 0;
  let before: Member | undefined;
  let pending: Place | undefined;
  const same: number[] = [];
  const inner = (value: number, key: string | undefined): number =>
    !isLast && (isObject ? key === step : index === wantIndex)
      ? descend(b, value, steps, depth + 1, search, state)
      : skipValue(b, value);
  const walked = walkMembers(b, open, inner, (member) => {
    if (pending) {
      pending.next = member;
      pending = undefined;
    }
    if (depth === state.deepest && search.known.length < MAX_KNOWN) search.known.push(member.key ?? String(index));
    if (isObject && member.key === step) same.push(member.from);
    if (isLast && (isObject ? member.key === step : index === wantIndex)) {
      pending = { container, member, before, next: undefined };
      search.places.push(pending);
    }
    before = member;
    index++;
  });
  container.close = walked;
  if (same.length > 1) search.doubled = same;
  if (isLast && step === '-' && !(isObject && search.places.length > 0)) {
    // RFC 6901: the place behind the last element. Only something put there makes it real.
    const end = walked;
    const member = { from: end, key: undefined, value: end, to: end, comma: -1 };
    search.places.push({ container, member, before, next: undefined });
  }
  return walked + 1;
}

/** Calls `each` for the members of the container at `open` and returns the offset of its closing bracket. */
export function walkMembers(
  b: Uint8Array,
  open: number,
  valueEnd: (value: number, key: string | undefined) => number,
  each: (member: Member) => void,
): number {
  const isObject = b[open] === 123;
  let at = skipSpace(b, open + 1);
  while (b[at] !== 125 && b[at] !== 93) {
    if (at >= b.length) throw new Error('the JSON was not checked');
    const from = at;
    let key: string | undefined;
    if (isObject) {
      const end = skipString(b, at);
      key = keyOf(b, at, end);
      at = skipSpace(b, skipSpace(b, end) + 1);
    }
    const value = at;
    const to = valueEnd(value, key);
    at = skipSpace(b, to);
    const comma = b[at] === 44 ? at : -1;
    if (comma >= 0) at = skipSpace(b, at + 1);
    each({ from, key, value, to, comma });
  }
  return at;
}

function keyOf(b: Uint8Array, from: number, to: number): string {
  return JSON.parse(Buffer.from(b.buffer, b.byteOffset + from, to - from).toString('utf8')) as string;
}

function skipString(b: Uint8Array, from: number): number {
  let at = from + 1;
  while (at < b.length && b[at] !== 34) at += b[at] === 92 ? 2 : 1;
  return at + 1;
}

/** The end of the value at `from`, in checked JSON. */
export function skipValue(b: Uint8Array, from: number): number {
  if (b[from] === 34) return skipString(b, from);
  if (b[from] !== 123 && b[from] !== 91) {
    let at = from;
    while (at < b.length && !isDelimiter(b[at]!)) at++;
    return at;
  }
  let depth = 0;
  for (let at = from; at < b.length; ) {
    const c = b[at]!;
    if (c === 34) {
      at = skipString(b, at);
      continue;
    }
    if (c === 47) {
      at = Math.max(at + 1, commentEnd(b, at, b.length));
      continue;
    }
    if (c === 123 || c === 91) depth++;
    else if ((c === 125 || c === 93) && --depth === 0) return at + 1;
    at++;
  }
  return b.length;
}

function isDelimiter(c: number): boolean {
  return c <= 32 || c === 44 || c === 93 || c === 125 || c === 47;
}
