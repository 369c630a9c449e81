import { wordDiff } from '../text/word-diff.ts';
import type { PartSplice } from './kind.ts';
import type { XmlText } from './xml-scan.ts';
import { decodeXml } from './xml-text.ts';

/** New text in the form of its place; `before` and `after` are the characters beside it, empty at the edges. */
export type Encode = (text: string, before: string, after: string) => string;

/** Something a paragraph is made of, in reading order, with the bytes it stands on. */
export type Piece = CharsPiece | MarkPiece | FixedPiece;

/** Characters of a run: new text can stand among them and then looks as they do. */
export interface CharsPiece {
  kind: 'chars';
  text: string;
  /** Byte of UTF-16 unit `index`; `text.length` gives the end. */
  at(index: number): number;
  encode: Encode;
  /** White space that does not count where it stands, but would after a change beside it: it goes with that change. */
  ghost?: { from: number; to: number };
  /** The run around them, which goes when nothing is left of it. */
  run?: { from: number; to: number };
  /** Behind all that belongs to it: where something else in the paragraph can begin. */
  end: number;
}

/** One element that stands for text: a line break, a tab, a number of spaces. Goes as a whole. */
export interface MarkPiece {
  kind: 'mark';
  text: string;
  from: number;
  to: number;
  /** What stands for a part of `text`; without it only the whole can go. */
  encode?: Encode;
  end: number;
}

/** Text that is not typed here: a field, a note mark. Nothing may be changed in it. */
export interface FixedPiece {
  kind: 'fixed';
  text: string;
  what: string;
  end: number;
}

/** Why a stretch cannot be changed; the caller makes the typed error of it. */
export class Unsafe extends Error {
  readonly what: string;

  constructor(what: string) {
    super(what);
    this.what = what;
  }
}

export function textOfPieces(pieces: readonly Piece[]): string {
  let out = '';
  for (const piece of pieces) out += piece.text;
  return out;
}

/** Characters between two tags. */
export function charsOf(
  bytes: Buffer,
  node: XmlText,
  o: { encode: Encode; end?: number; run?: CharsPiece['run'] },
): CharsPiece {
  const { text, at } = bounded(bytes, node);
  const encode: Encode = node.kind === 'cdata' ? (ins) => ins.replaceAll(']]>', ']]]]><![CDATA[>') : o.encode;
  return { kind: 'chars', text, at, encode, end: o.end ?? node.to, ...(o.run ? { run: o.run } : {}) };
}

/** Offsets of a CDATA section stay inside its brackets. */
function bounded(bytes: Buffer, node: XmlText): { text: string; at: (index: number) => number } {
  const decoded = decodeXml(bytes, node);
  const end = node.kind === 'cdata' ? node.to - ']]>'.length : node.to;
  return { text: decoded.text, at: (index) => Math.min(end, decoded.at(index)) };
}

/** Units [from, to) of the text give way to `text`. Sorted hunks, as little as changes. */
export interface TextHunk {
  from: number;
  to: number;
  text: string;
}

/** The words that differ: what stays keeps its look, and new words take that of the words they replace. */
export function wordHunks(before: string, after: string, offset = 0): TextHunk[] {
  const out: TextHunk[] = [];
  let at = offset;
  let open: TextHunk | undefined;
  for (const run of wordDiff(before, after)) {
    if (run.op === '=') {
      open = undefined;
      at += run.text.length;
      continue;
    }
    if (!open) {
      open = { from: at, to: at, text: '' };
      out.push(open);
    }
    if (run.op === '+') open.text += run.text;
    else {
      at += run.text.length;
      open.to = at;
    }
  }
  return out;
}

export function applyHunks(text: string, hunks: readonly TextHunk[]): string {
  let out = '';
  let at = 0;
  for (const hunk of hunks) {
    out += text.slice(at, hunk.from) + hunk.text;
    at = hunk.to;
  }
  return out + text.slice(at);
}

/** Makes a run of its own for a text, behind byte `end` or, without it, at the beginning of the paragraph. */
export type Lone = (text: string, end: number | undefined) => PartSplice;

/**
 * Splices that turn the text of a paragraph into what the hunks say. New text goes into the run of the first character
 * it replaces (put in between: of the character before), so no run is ever split and no format is written. Throws
 * `Unsafe` where a hunk meets something fixed or has no run to go to; `lone` then says how to make one.
 */
export function spliceRuns(pieces: readonly Piece[], hunks: readonly TextHunk[], lone?: Lone): PartSplice[] {
  const placed = place(pieces);
  const text = textOfPieces(pieces);
  const out = hunks.flatMap((hunk) => spliceOne(placed, text, hunk, lone));
  return out.filter((s) => s.del > 0 || s.ins !== '').sort((a, b) => a.at - b.at || a.del - b.del);
}

interface Placed {
  piece: Piece;
  from: number;
  to: number;
}

function place(pieces: readonly Piece[]): Placed[] {
  let at = 0;
  return pieces.map((piece) => {
    const from = at;
    at += piece.text.length;
    return { piece, from, to: at };
  });
}

function spliceOne(placed: readonly Placed[], text: string, hunk: TextHunk, lone?: Lone): PartSplice[] {
  const touched = placed.filter((p) => p.from < hunk.to && p.to > hunk.from);
  for (const { piece } of touched) if (piece.kind === 'fixed') throw new Unsafe(piece.what);
  const [before, after] = [text.slice(hunk.from - 1, hunk.from), text.slice(hunk.to, hunk.to + 1)];
  const host = hunk.text === '' ? undefined : hostOf(placed, touched, hunk);
  const splices: PartSplice[] = [];
  if (hunk.text !== '' && !host) {
    if (!lone) throw new Unsafe('there is no text beside it that the new text could look like');
    splices.push(lone(hunk.text, placed.findLast((p) => p.to <= hunk.from && p.piece.text !== '')?.piece.end));
  }
  const gone = goneRuns(placed, hunk, host);
  splices.push(...[...gone].map((run) => ({ at: run.from, del: run.to - run.from, ins: '' })));
  for (const p of placed) {
    const { piece } = p;
    if (piece.kind !== 'chars' || !piece.ghost || p === host || p.from < hunk.from || p.to > hunk.to) continue;
    const { from, to } = piece.ghost;
    if (!(piece.run && gone.has(piece.run))) splices.push({ at: from, del: to - from, ins: '' });
  }
  for (const p of touched) {
    const { piece } = p;
    const cut = { from: Math.max(hunk.from, p.from) - p.from, to: Math.min(hunk.to, p.to) - p.from };
    if (piece.kind === 'mark') splices.push(withoutMark(piece, cut, p === host ? hunk.text : ''));
    else if (piece.kind === 'chars' && p !== host && !(piece.run && gone.has(piece.run))) {
      splices.push({ at: piece.at(cut.from), del: piece.at(cut.to) - piece.at(cut.from), ins: '' });
    }
  }
  if (host?.piece.kind === 'chars') {
    const { piece } = host;
    const from = Math.min(piece.text.length, Math.max(0, hunk.from - host.from));
    const to = Math.max(from, Math.min(piece.text.length, hunk.to - host.from));
    const { ghost } = piece;
    if (ghost)
      splices.push({ at: ghost.from, del: ghost.to - ghost.from, ins: piece.encode(hunk.text, before, after) });
    else
      splices.push({
        at: piece.at(from),
        del: piece.at(to) - piece.at(from),
        ins: piece.encode(hunk.text, before, after),
      });
  } else if (host?.piece.kind === 'mark' && !touched.includes(host)) {
    const at = hunk.from <= host.from ? host.piece.from : host.piece.to;
    splices.push({ at, del: 0, ins: host.piece.encode!(hunk.text, before, after) });
  }
  return splices;
}

/** A replaced run first, then the one that ends where the new text begins, then the one that begins where it ends. */
function hostOf(placed: readonly Placed[], touched: readonly Placed[], hunk: TextHunk): Placed | undefined {
  const takes = (p: Placed): boolean => p.piece.kind === 'chars' || (p.piece.kind === 'mark' && !!p.piece.encode);
  const isChars = (p: Placed): boolean => p.piece.kind === 'chars';
  return (
    touched.find(isChars) ??
    touched.find(takes) ??
    placed.findLast((p) => p.to === hunk.from && p.to > p.from && takes(p)) ??
    placed.find((p) => p.from === hunk.to && p.to > p.from && takes(p)) ??
    placed.find((p) => p.from === hunk.from && p.to === hunk.from && takes(p))
  );
}

interface Run {
  from: number;
  to: number;
}

/** Runs of which every character goes and to which none comes. */
function goneRuns(placed: readonly Placed[], hunk: TextHunk, host: Placed | undefined): Set<Run> {
  const gone = new Set<Run>();
  const stays = new Set<Run>();
  for (const p of placed) {
    if (p.piece.kind !== 'chars' || !p.piece.run || p.to === p.from) continue;
    if (p === host || p.from < hunk.from || p.to > hunk.to) stays.add(p.piece.run);
    else gone.add(p.piece.run);
  }
  for (const run of stays) gone.delete(run);
  return gone;
}

function withoutMark(piece: MarkPiece, cut: { from: number; to: number }, ins: string): PartSplice {
  const before = piece.text.slice(0, cut.from);
  const after = piece.text.slice(cut.to);
  const left = before + ins + after;
  if (left !== '' && !piece.encode) throw new Unsafe('a mark that cannot be halved');
  return { at: piece.from, del: piece.to - piece.from, ins: left === '' ? '' : piece.encode!(left, ' ', ' ') };
}
