const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const FORM = /^([a-z]{1,16})_([0-9a-hjkmnp-tv-z]{10})([0-9a-hjkmnp-tv-z]{16})$/;

/** An id of the box taken apart: ten characters of time, sixteen of chance. */
export interface CallId {
  prefix: string;
  time: number;
  /** Ten bytes. */
  random: Uint8Array;
}

/** `undefined` for an id of another form, which is kept as it is. */
export function parseCall(id: string): CallId | undefined {
  const found = FORM.exec(id);
  if (!found) return undefined;
  const [, prefix, time, random] = found as unknown as [string, string, string, string];
  let value = 0;
  for (const c of time) value = value * 32 + ALPHABET.indexOf(c);
  let bits = 0n;
  for (const c of random) bits = bits * 32n + BigInt(ALPHABET.indexOf(c));
  return { prefix, time: value, random: Buffer.from(bits.toString(16).padStart(20, '0'), 'hex') };
}

export function printCall({ prefix, time, random }: CallId): string {
  let out = '';
  let bits = BigInt(`0x${Buffer.from(random).toString('hex')}`);
  for (let i = 0; i < 16; i++) {
    out = ALPHABET[Number(bits % 32n)] + out;
    bits /= 32n;
  }
  let rest = time;
  for (let i = 0; i < 10; i++) {
    out = ALPHABET[rest % 32] + out;
    rest = Math.floor(rest / 32);
  }
  return `${prefix}_${out}`;
}
