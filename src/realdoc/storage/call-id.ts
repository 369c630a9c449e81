const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
/** Character code to value; -1 for what is no digit of the alphabet. */
const VALUES = new Int8Array(128).fill(-1);
for (let i = 0; i < 32; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

const PREFIX = /^[a-z]{1,16}$/;
const TIME = 10;
const RANDOM = 16;

/** An id of the box taken apart: ten characters of time, sixteen of chance. */
export interface CallId {
  prefix: string;
  time: number;
  /** Ten bytes. */
  random: Uint8Array;
}

/** `undefined` for an id of another form, which is kept as it is. */
export function parseCall(id: string): CallId | undefined {
  const start = id.length - TIME - RANDOM;
  if (start < 2 || id.charCodeAt(start - 1) !== 95 || !PREFIX.test(id.slice(0, start - 1))) return undefined;
  let time = 0;
  for (let i = start; i < start + TIME; i++) {
    const value = valueAt(id, i);
    if (value < 0) return undefined;
    time = time * 32 + value;
  }
  // Eight characters of five bits are five bytes: at no point more than twelve bits wait.
  const random = Buffer.alloc(10);
  let bits = 0;
  let count = 0;
  let at = 0;
  for (let i = start + TIME; i < id.length; i++) {
    const value = valueAt(id, i);
    if (value < 0) return undefined;
    bits = ((bits << 5) | value) & 0xfff;
    count += 5;
    if (count < 8) continue;
    count -= 8;
    random[at++] = bits >> count;
  }
  return { prefix: id.slice(0, start - 1), time, random };
}

export function printCall({ prefix, time, random }: CallId): string {
  let head = '';
  let rest = time;
  for (let i = 0; i < TIME; i++) {
    head = ALPHABET[rest % 32] + head;
    rest = Math.floor(rest / 32);
  }
  let tail = '';
  let bits = 0;
  let count = 0;
  for (const byte of random) {
    bits = ((bits << 8) | byte) & 0xfff;
    count += 8;
    for (; count >= 5; count -= 5) tail += ALPHABET[(bits >> (count - 5)) & 31];
  }
  return `${prefix}_${head}${tail}`;
}

function valueAt(id: string, at: number): number {
  return VALUES[id.charCodeAt(at)] ?? -1;
}
