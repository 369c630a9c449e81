import type { Encoding } from './detect.ts';

const tables = new Map<Encoding, Map<string, Buffer>>();
let fourBytes: Map<string, Buffer> | undefined;

/**
 * The bytes of a text in an encoding, or the first character that it does not have. The table is that of the platform's
 * decoder, read backwards: what is written here is read as the same again.
 */
export function encode(text: string, encoding: Encoding): Buffer | { missing: string } {
  const table = tableOf(encoding);
  const parts: Buffer[] = [];
  for (const character of text) {
    const bytes = character < '\u0080' ? Buffer.from(character) : (table.get(character) ?? four(character, encoding));
    if (!bytes) return { missing: character };
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

function tableOf(encoding: Encoding): Map<string, Buffer> {
  const known = tables.get(encoding);
  if (known) return known;
  const table = new Map<string, Buffer>();
  const sequences: number[][] = [];
  for (let lead = 0x80; lead <= 0xff; lead++) sequences.push([lead]);
  if (!encoding.startsWith('windows-') && encoding !== 'koi8-r') {
    for (let lead = 0x81; lead <= 0xfe; lead++) {
      // NEC's copies of IBM's characters: the standard's encoder leaves these rows out.
      if (encoding === 'shift_jis' && (lead === 0xed || lead === 0xee)) continue;
      for (let trail = 0x40; trail <= 0xfe; trail++) sequences.push([lead, trail]);
    }
  }
  // One pass over all, each on a line of its own: what is no character leaves a mark or more than one.
  const all = new TextDecoder(encoding).decode(Buffer.from(sequences.flatMap((bytes) => [...bytes, 10])));
  for (const [i, character] of all.split('\n').entries()) {
    const isOne = character !== '' && [...character].length === 1 && character !== '\ufffd' && character >= '\u0080';
    if (isOne && !table.has(character)) table.set(character, Buffer.from(sequences[i]!));
  }
  tables.set(encoding, table);
  return table;
}

/** GB 18030: what has no two bytes has four, in the order of Unicode. */
function four(character: string, encoding: Encoding): Buffer | undefined {
  if (encoding !== 'gb18030') return undefined;
  const code = character.codePointAt(0)!;
  if (code >= 0x10000) return fourOf(code - 0x10000 + 189_000);
  if (!fourBytes) {
    const all = Buffer.concat(Array.from({ length: 39_420 }, (_, i) => fourOf(i)));
    fourBytes = new Map();
    for (const [i, one] of [...new TextDecoder('gb18030').decode(all)].entries())
      if (!fourBytes.has(one)) fourBytes.set(one, fourOf(i));
  }
  const bytes = fourBytes.get(character);
  return bytes && new TextDecoder('gb18030').decode(bytes) === character ? bytes : undefined;
}

function fourOf(n: number): Buffer {
  return Buffer.from([
    0x81 + Math.floor(n / 12_600),
    0x30 + (Math.floor(n / 1260) % 10),
    0x81 + (Math.floor(n / 10) % 126),
    0x30 + (n % 10),
  ]);
}
