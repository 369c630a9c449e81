/** Crockford base32 without I, L, O, U: readable aloud, safe in file names and URLs. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Random characters of an id. Asking the system for each id costs more than the rest of it: they are fetched ahead. */
const RANDOM = 16;
const random = new Uint8Array(128 * RANDOM);
let used = random.length;

/**
 * A new id `<prefix>_<26 characters>`: 48 bits of time, then 80 random bits (the ULID layout), so ids sort by birth
 * and cannot be guessed. Not a secret: use `randomToken` for those.
 */
export function newId(prefix: string, now: number = Date.now()): string {
  if (used === random.length) {
    crypto.getRandomValues(random);
    used = 0;
  }
  let out = '';
  let time = now;
  for (let i = 0; i < 10; i++) {
    out = ALPHABET[time % 32] + out;
    time = Math.floor(time / 32);
  }
  for (let i = 0; i < RANDOM; i++) out += ALPHABET[random[used++]! & 31];
  return `${prefix}_${out}`;
}

/** `bytes` random bytes as base64url without padding. 16 bytes (128 bits) is the least used for any secret here. */
export function randomToken(bytes = 16): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(bytes)));
}

export function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (const b of bytes) binary += String.fromCharCode(b);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Strict inverse of `toBase64Url`; `undefined` for anything else, since it reads text from outside. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const out = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) out[i] = binary.charCodeAt(i);
  return out;
}

const HEX = Array.from({ length: 256 }, (_, b) => b.toString(16).padStart(2, '0'));

export function toHex(bytes: Uint8Array): string {
  let out = '';
  for (const b of bytes) out += HEX[b];
  return out;
}
