export interface JsonFault {
  at: number;
  reason: string;
}

const QUOTE = 34;
const BACKSLASH = 92;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/**
 * The first thing in bytes [from, to) that is no JSON (RFC 8259), or nothing. `lenient` lets comments, a comma before
 * a closing bracket and a BOM pass, as JSONC does. Linear and without recursion: depth costs a byte.
 */
export function checkJson(b: Uint8Array, from = 0, to = b.length, lenient = false): JsonFault | undefined {
  let at = from;
  let stack = new Uint8Array(64);
  let depth = 0;
  let expect: 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'comma' = 'value';
  if (lenient && b[at] === 0xef && b[at + 1] === 0xbb && b[at + 2] === 0xbf) at += 3;
  while (true) {
    at = skipBlank(b, at, to);
    if (b[at] === 47 && at < to) {
      const end = commentEnd(b, at, to);
      if (!lenient || end < 0) return { at, reason: 'a comment' };
      at = end;
      continue;
    }
    if (at >= to) {
      if (expect === 'comma' && depth === 0) return undefined;
      return { at: to, reason: depth > 0 ? 'a bracket is not closed' : 'there is no value' };
    }
    const c = b[at]!;
    if (expect === 'comma') {
      if (depth === 0) return { at, reason: 'more text after the value' };
      const isObject = stack[depth - 1] === 1;
      if (c === 44) {
        expect = lenient ? (isObject ? 'key-or-end' : 'value-or-end') : isObject ? 'key' : 'value';
        at++;
      } else if (c === (isObject ? 125 : 93)) {
        depth--;
        at++;
      } else return { at, reason: 'a comma or a closing bracket was expected' };
      continue;
    }
    if ((expect === 'key-or-end' && c === 125) || (expect === 'value-or-end' && c === 93)) {
      depth--;
      at++;
      expect = 'comma';
      continue;
    }
    if (expect === 'key' || expect === 'key-or-end') {
      if (c !== QUOTE) return { at, reason: 'a key in double quotes was expected' };
      const end = checkString(b, at, to);
      if (typeof end !== 'number') return end;
      at = skipAll(b, end, to, lenient);
      if (b[at] !== 58 || at >= to) return { at, reason: 'a colon was expected' };
      at++;
      expect = 'value';
      continue;
    }
    if (c === 123 || c === 91) {
      if (depth === stack.length) {
        const more = new Uint8Array(depth * 2);
        more.set(stack);
        stack = more;
      }
      stack[depth++] = c === 123 ? 1 : 0;
      expect = c === 123 ? 'key-or-end' : 'value-or-end';
      at++;
      continue;
    }
    const end = c === QUOTE ? checkString(b, at, to) : checkScalar(b, at, to);
    if (typeof end !== 'number') return end;
    at = end;
    expect = 'comma';
  }
}

function checkString(b: Uint8Array, from: number, to: number): number | JsonFault {
  for (let at = from + 1; at < to; at++) {
    const c = b[at]!;
    if (c === QUOTE) return at + 1;
    if (c < 32) return { at, reason: 'a line break or control character inside a string' };
    if (c !== BACKSLASH) continue;
    const next = b[++at];
    if (next === 117) {
      for (let i = 1; i <= 4; i++)
        if (at + i >= to || !isHex(b[at + i]!)) return { at: at - 1, reason: '\\u without four digits' };
      at += 4;
    } else if (next === undefined || !'"\\/bfnrt'.includes(String.fromCharCode(next)))
      return { at: at - 1, reason: 'an escape that JSON does not have' };
  }
  return { at: from, reason: 'a string is not closed' };
}

function checkScalar(b: Uint8Array, from: number, to: number): number | JsonFault {
  let at = from;
  while (at < to && isWord(b[at]!)) at++;
  const end = at;
  // Numbers of a thousand digits exist in hostile files only, and the spelling is all that is checked.
  const word = Buffer.from(b.buffer, b.byteOffset + from, Math.min(end - from, 4096)).toString('latin1');
  if (word === 'true' || word === 'false' || word === 'null') return end;
  NUMBER.lastIndex = 0;
  if (end > from && NUMBER.test(word) && NUMBER.lastIndex === end - from) return end;
  return { at: from, reason: 'no JSON value' };
}

function isHex(c: number): boolean {
  return (c >= 48 && c <= 57) || ((c | 32) >= 97 && (c | 32) <= 102);
}

function isWord(c: number): boolean {
  return (c >= 48 && c <= 57) || ((c | 32) >= 97 && (c | 32) <= 122) || c === 43 || c === 45 || c === 46;
}

export function skipBlank(b: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && (b[at] === 32 || b[at] === 10 || b[at] === 13 || b[at] === 9)) at++;
  return at;
}

/** The end of a comment that begins at `at`; -1 if none does or it is not closed. */
export function commentEnd(b: Uint8Array, at: number, to: number): number {
  if (b[at + 1] === 47) {
    const end = b.indexOf(10, at);
    return end < 0 || end > to ? to : end;
  }
  if (b[at + 1] !== 42) return -1;
  for (let i = b.indexOf(42, at + 2); i >= 0 && i + 1 < to; i = b.indexOf(42, i + 1)) if (b[i + 1] === 47) return i + 2;
  return -1;
}

/** Blanks, and comments where they are allowed. */
function skipAll(b: Uint8Array, from: number, to: number, lenient: boolean): number {
  let at = skipBlank(b, from, to);
  while (lenient && at < to && b[at] === 47) {
    const end = commentEnd(b, at, to);
    if (end < 0) return at;
    at = skipBlank(b, end, to);
  }
  return at;
}

/** Blanks and comments, in text that was checked. */
export function skipSpace(b: Uint8Array, from: number): number {
  return skipAll(b, from, b.length, true);
}
