import type { Range } from '../../text/map.ts';
import {
  type Ask,
  type Doc,
  eolAt,
  invalid,
  type Landing,
  lineOf,
  lineStart,
  type Patch,
  sharedAddress,
  textOf,
  unknownAddress,
  unparsed,
  wholeOf,
} from '../ask.ts';
import { parsePointer, printPointer } from '../pointer.ts';
import { checkJson, commentEnd, skipBlank } from './check.ts';
import { type Into, membersFor, valueFor } from './values.ts';
import { findPlaces, type Member, type Place, skipValue, walkMembers } from './walk.ts';

/** Above this a pointer is not looked for: the scan would hold everybody else up for seconds. */
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_STEPS = 200;

/**
 * Lands a JSON Pointer in JSON or JSONC. Comments, spacing, order and the spelling of numbers stay. `before` and
 * `after` take members (`"key": value`) or elements; `/list/-` is the end of a list or object. Throws
 * DOC_ADDRESS_UNKNOWN, DOC_AMBIGUOUS (doubled keys), DOC_SYNTAX or DOC_VERB_INVALID.
 */
export function landInJson(doc: Doc, ask: Ask): Landing {
  const b = wholeOf(doc, MAX_BYTES);
  const fault = checkJson(b, 0, b.length, true);
  if (fault) throw unparsed(doc, fault.reason, lineOf(b, fault.at));
  return landAt(doc, ask, b, stepsOf(ask));
}

export function stepsOf(ask: Ask): string[] {
  const steps = parsePointer(ask.address);
  if (!steps || steps.length > MAX_STEPS) throw invalid(ask, `"${ask.address.slice(0, 80)}" is no JSON Pointer`);
  return steps;
}

/** The same in checked bytes, where the address is `steps` from the value that `b` holds, which begins on `line`. */
export function landAt(doc: Doc, ask: Ask, b: Buffer, steps: readonly string[], line = 1): Landing {
  const search = findPlaces(b, steps);
  if (search.doubled.length > 1 || search.places.length > 1) {
    const at = search.doubled.length > 1 ? search.doubled : search.places.map((place) => place.member.from);
    throw sharedAddress(
      doc,
      ask,
      at.map((offset) => ({ line: line - 1 + lineOf(b, offset) })),
    );
  }
  const [place] = search.places;
  if (!place || (isEnd(place) && ask.act !== 'before' && ask.act !== 'after')) {
    const parent = ask.address.slice(0, ask.address.lastIndexOf('/'));
    throw unknownAddress(
      doc,
      ask,
      search.known.map((step) => parent + printPointer([step])),
    );
  }
  const address = ask.address;
  const { member } = place;
  const into = { text: b, isLenient: /\.jsonc$/i.test(doc.path) || checkJson(b) !== undefined };
  if (ask.act === 'show') return { address, region: { from: member.value, to: member.to }, patches: [] };
  if (ask.act === 'set') {
    const region = { from: member.value, to: member.to };
    const old = b.toString('utf8', region.from, region.to);
    const ins = valueFor(ask, textOf(ask).join(eolAt(b, region.from)), old, into, endsLine(b, region.to));
    return { address, region, patches: [{ at: region.from, del: region.to - region.from, ins }] };
  }
  if (!place.container) throw invalid(ask, 'the value of the whole text cannot be taken out or have neighbours');
  if (ask.act === 'cut') return { address, ...cutOut(b, place) };
  return { address, ...putIn(into, place, ask) };
}

function isEnd(place: Place): boolean {
  return place.container !== undefined && place.member.from === place.container.close;
}

function cutOut(b: Buffer, { container, member, before, next }: Place): { region: Range; patches: Patch[] } {
  const patches: Patch[] = [];
  const isLastWithoutComma = !next && member.comma < 0;
  if (before && isLastWithoutComma) {
    // The comma before the last member has nothing to part any more.
    const onlyBlank = skipBlank(b, before.comma + 1, member.from) === member.from;
    if (onlyBlank && !startsLine(b, member.from)) {
      return one(before.comma, member.to);
    }
    patches.push({ at: before.comma, del: 1, ins: '' });
  }
  const end = member.comma >= 0 ? member.comma + 1 : member.to;
  const line = startsLine(b, member.from) ? lineStart(b, member.from) : -1;
  const lineTo = lineEndIfRest(b, end);
  if (line >= 0 && lineTo >= 0 && line > container!.open) {
    const [from, to] = [line, Math.min(lineTo, lineStart(b, container!.close) > line ? lineTo : container!.close)];
    patches.push({ at: from, del: to - from, ins: '' });
  } else if (next) patches.push({ at: member.from, del: (skipsTo(b, end, next.from) ?? end) - member.from, ins: '' });
  else {
    const inner = !before && skipBlank(b, container!.open + 1, member.from) === member.from;
    const to = inner && skipBlank(b, end, container!.close) === container!.close ? container!.close : end;
    const from = inner && to === container!.close ? container!.open + 1 : member.from;
    patches.push({ at: from, del: to - from, ins: '' });
  }
  return { region: { from: patches[0]!.at, to: patches.at(-1)!.at + patches.at(-1)!.del }, patches };
}

function one(from: number, to: number): { region: Range; patches: Patch[] } {
  return { region: { from, to }, patches: [{ at: from, del: to - from, ins: '' }] };
}

/** `to`, if only blanks lie between. */
function skipsTo(b: Buffer, from: number, to: number): number | undefined {
  return skipBlank(b, from, to) === to ? to : undefined;
}

function putIn(into: Into, place: Place, ask: Ask): { region: Range; patches: Patch[] } {
  const b = into.text;
  const { container, member, before } = place;
  const { open, isObject } = container!;
  const eol = eolAt(b, open);
  const beside = isEnd(place) ? before : member;
  const likeStrings = beside !== undefined && b[beside.value] === 34;
  const text = membersFor(ask, textOf(ask).join(eol), isObject, likeStrings, into);
  if (isObject) refuseKnownKeys(b, open, text, ask);
  const region = beside ? { from: beside.from, to: beside.to } : { from: open, to: container!.close + 1 };
  if (!beside) {
    // An empty container: what is put in takes the inside, without a guess at indentation.
    return { region, patches: [{ at: container!.close, del: 0, ins: text }] };
  }
  const onOwnLine = startsLine(b, beside.from);
  const lead = onOwnLine ? eol + b.toString('latin1', lineStart(b, beside.from), beside.from) : gapOf(b, place, beside);
  if (ask.act === 'before' && !isEnd(place)) {
    if (onOwnLine) {
      const at = aboveComments(b, beside.from, before ? before.to : open);
      return { region, patches: [{ at, del: 0, ins: `${lead.slice(eol.length)}${text},${eol}` }] };
    }
    return { region, patches: [{ at: beside.from, del: 0, ins: `${text},${lead}` }] };
  }

  if (beside.comma < 0) {
    const rest = onOwnLine ? lineEndIfRest(b, beside.to) : -1;
    const at = rest >= 0 ? contentEnd(b, rest) : beside.to;
    if (at === beside.to) return { region, patches: [{ at, del: 0, ins: `,${lead}${text}` }] };
    return {
      region,
      patches: [
        { at: beside.to, del: 0, ins: ',' },
        { at, del: 0, ins: `${lead}${text}` },
      ],
    };
  }
  const rest = onOwnLine ? lineEndIfRest(b, beside.comma + 1) : -1;
  const at = rest >= 0 ? contentEnd(b, rest) : beside.comma + 1;
  return { region, patches: [{ at, del: 0, ins: `${lead}${text},` }] };
}

/** What parts the members of a container that stands on one line. */
function gapOf(b: Buffer, { member, next }: Place, beside: Member): string {
  let from = beside.from;
  while (b[from - 1] === 32 || b[from - 1] === 9) from--;
  if (b[from - 1] === 44) return b.toString('latin1', from, beside.from);
  const isBlank = beside === member && next && skipsTo(b, member.comma + 1, next.from) !== undefined;
  const gap = isBlank ? b.toString('latin1', member.comma + 1, next.from) : ' ';
  return gap.includes('\n') ? ' ' : gap;
}

function refuseKnownKeys(b: Buffer, open: number, text: string, ask: Ask): void {
  const added = new Set<string>();
  const note = (key: string | undefined): void => {
    if (added.has(key!)) throw invalid(ask, `the key "${key}" would be there twice`);
    added.add(key!);
  };
  const fresh = Buffer.from(`{${text}}`);
  walkMembers(
    fresh,
    0,
    (value) => skipValue(fresh, value),
    (member) => note(member.key),
  );
  walkMembers(
    b,
    open,
    (value) => skipValue(b, value),
    (member) => {
      if (added.has(member.key!)) note(member.key);
    },
  );
}

/** Whether only blanks stand before `at` on its line, and a line stands above. */
function startsLine(b: Buffer, at: number): boolean {
  const start = lineStart(b, at);
  return start > 0 && skipBlank(b, start, at) === at;
}

function endsLine(b: Buffer, at: number): boolean {
  const newline = b.indexOf(10, at);
  const end = newline < 0 ? b.length : newline;
  return skipBlank(b, at, end) === end;
}

/** The beginning of the next line, if only blanks and comments follow on this one; else -1. */
function lineEndIfRest(b: Buffer, from: number): number {
  const newline = b.indexOf(10, from);
  if (newline < 0) return -1;
  for (let at = from; at < newline; ) {
    if (b[at] === 32 || b[at] === 9 || b[at] === 13) at++;
    else if (b[at] === 47) {
      const end = commentEnd(b, at, newline);
      if (end < 0) return -1;
      at = end;
    } else return -1;
  }
  return newline + 1;
}

/** The end of the line before `next`, without its line end. */
function contentEnd(b: Buffer, next: number): number {
  return b[next - 2] === 13 ? next - 2 : next - 1;
}

/** The beginning of the line of a member, or of the comment lines right above it, which speak of it. */
function aboveComments(b: Buffer, at: number, floor: number): number {
  let start = lineStart(b, at);
  while (true) {
    const above = lineStart(b, start - 1);
    if (above <= floor || start === above) return start;
    const first = skipBlank(b, above, start);
    if (b[first] !== 47 || lineEndIfRest(b, above) !== start) return start;
    start = above;
  }
}
