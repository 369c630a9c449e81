import { isUtf8 } from 'node:buffer';

/** Encodings of office texts that are no UTF-8, by their names in the WHATWG standard. */
export type Encoding =
  | 'gb18030'
  | 'big5'
  | 'shift_jis'
  | 'euc-jp'
  | 'euc-kr'
  | 'windows-1251'
  | 'koi8-r'
  | 'windows-1252';

const SAMPLE = 256 * 1024;

/** Pairs of bytes of an encoding, those that everyday text is made of, and those without which a text is none of it. */
interface Pairs {
  name: Encoding;
  isPair(lead: number, trail: number): boolean;
  isCommon(lead: number, trail: number): boolean;
  isSign?(lead: number, trail: number): boolean;
  /** Share of signs that a text must have. */
  signs?: number;
}

const within = (n: number, from: number, to: number): boolean => n >= from && n <= to;
const high = (n: number): boolean => within(n, 0xa1, 0xfe);

const PAIRS: readonly Pairs[] = [
  {
    name: 'shift_jis',
    isPair: (a, b) => (within(a, 0x81, 0x9f) || within(a, 0xe0, 0xfc)) && within(b, 0x40, 0xfc) && b !== 0x7f,
    // Kana, punctuation, and the kanji of level 1.
    isCommon: (a, b) =>
      (a === 0x82 && b >= 0x9f) || (a === 0x83 && b <= 0x96) || (a === 0x81 && b < 0xa0) || within(a, 0x88, 0x97),
  },
  {
    name: 'euc-jp',
    isPair: (a, b) => (high(a) || a === 0x8e) && high(b),
    isCommon: (a) => a === 0xa4 || a === 0xa5 || a === 0xa1 || within(a, 0xb0, 0xcf),
    isSign: (a) => a === 0xa4 || a === 0xa5,
    signs: 0.2,
  },
  {
    name: 'euc-kr',
    isPair: (a, b) =>
      within(a, 0x81, 0xfe) && (high(b) || within(b, 0x41, 0x5a) || within(b, 0x61, 0x7a) || within(b, 0x81, 0xa0)),
    isCommon: (a, b) => within(a, 0xb0, 0xc8) && high(b),
    // Chinese text has these too, but never nearly alone.
    isSign: (a, b) => within(a, 0xb0, 0xc8) && high(b),
    signs: 0.9,
  },
  {
    name: 'gb18030',
    isPair: (a, b) => within(a, 0x81, 0xfe) && within(b, 0x40, 0xfe) && b !== 0x7f,
    isCommon: (a, b) => high(b) && (within(a, 0xb0, 0xd7) || a === 0xa1 || a === 0xa3),
  },
  {
    name: 'big5',
    isPair: (a, b) => within(a, 0x81, 0xfe) && (within(b, 0x40, 0x7e) || high(b)),
    isCommon: (a) => within(a, 0xa4, 0xc6) || a === 0xa1,
    isSign: (_, b) => b < 0x80,
    signs: 0.1,
  },
];

/**
 * What a text that is no UTF-8 is written in, judged by its first quarter of a megabyte with other bytes than ASCII.
 * Nothing for UTF-8, also if a few bytes of it are damaged. A guess by frequency: it only decides what is shown and how
 * new text is written; the bytes that nobody edits stay.
 */
export function detectEncoding(bytes: Buffer): Encoding | undefined {
  const sample = sampleOf(bytes);
  if (isUtf8(sample) || isDamagedUtf8(sample)) return undefined;
  const runs = highRuns(sample);
  // Letters with accents stand alone between ASCII letters; scripts of their own come in runs.
  if (runs.alone >= runs.total / 2) return 'windows-1252';
  const scores = PAIRS.map((pairs) => ({ name: pairs.name, score: scoreOf(sample, pairs) }));
  const cyrillic = cyrillicOf(sample);
  scores.push(...cyrillic);
  scores.sort((a, b) => b.score - a.score);
  const [best] = scores;
  return best && best.score >= 0.5 ? best.name : 'windows-1252';
}

/** From the first line with a byte over 127 on, whole lines only: no character is cut. */
function sampleOf(bytes: Buffer): Buffer {
  let first = 0;
  while (first < bytes.length && bytes[first]! < 128) first++;
  const from = bytes.lastIndexOf(10, first) + 1;
  const end = Math.min(bytes.length, from + SAMPLE);
  const to = end === bytes.length ? end : bytes.lastIndexOf(10, end - 1) + 1;
  return bytes.subarray(from, to > first ? to : end);
}

/** At least nine in ten of the bytes over 127 belong to characters of UTF-8. */
function isDamagedUtf8(sample: Buffer): boolean {
  let good = 0;
  let bad = 0;
  for (let at = 0; at < sample.length; ) {
    const lead = sample[at]!;
    const size =
      lead < 0x80 ? 1 : within(lead, 0xc2, 0xdf) ? 2 : within(lead, 0xe0, 0xef) ? 3 : within(lead, 0xf0, 0xf4) ? 4 : 0;
    const isWhole = size > 0 && at + size <= sample.length && isUtf8(sample.subarray(at, at + size));
    if (size !== 1 && isWhole) good += size;
    else if (!isWhole) bad++;
    at += isWhole ? size : 1;
  }
  return good > 9 * bad;
}

function highRuns(sample: Buffer): { alone: number; total: number } {
  let alone = 0;
  let total = 0;
  for (let at = 0; at < sample.length; at++) {
    if (sample[at]! < 128) continue;
    const from = at;
    while (at < sample.length && sample[at]! >= 128) at++;
    total++;
    if (at - from === 1) alone++;
  }
  return { alone, total };
}

/** Share of common pairs; 0 if any byte does not fit. */
function scoreOf(sample: Buffer, { name, isPair, isCommon, isSign, signs }: Pairs): number {
  let pairs = 0;
  let common = 0;
  let misfits = 0;
  let signed = 0;
  for (let at = 0; at < sample.length; at++) {
    const lead = sample[at]!;
    if (lead < 128) continue;
    const trail = sample[at + 1] ?? 0;
    // Characters of four bytes.
    if (name === 'gb18030' && within(trail, 0x30, 0x39) && within(sample[at + 2] ?? 0, 0x81, 0xfe)) {
      at += 3;
      pairs++;
      continue;
    }
    if (!isPair(lead, trail)) {
      misfits++;
      continue;
    }
    pairs++;
    if (isCommon(lead, trail)) common++;
    if (isSign?.(lead, trail)) signed++;
    at++;
  }
  if (pairs === 0 || misfits > pairs / 50 || signed < (signs ?? 0) * pairs) return 0;
  return common / pairs;
}

/** Russian in single bytes: small letters are two thirds and more of it, and stand in one half of the upper quarter. */
function cyrillicOf(sample: Buffer): { name: Encoding; score: number }[] {
  let upper = 0;
  let lower = 0;
  let all = 0;
  for (const byte of sample) {
    if (byte < 128) continue;
    all++;
    if (byte >= 0xe0) upper++;
    else if (byte >= 0xc0) lower++;
  }
  const share = (upper + lower) / all;
  if (share < 0.9) return [];
  return [upper > lower ? { name: 'windows-1251', score: upper / all } : { name: 'koi8-r', score: lower / all }];
}
