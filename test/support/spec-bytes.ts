import { createHash } from 'node:crypto';

/** Reads numbers and runs of bytes one behind the other, as the format writes them. */
export class Bytes {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at++]!;
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  }

  numbers(count: number): number[] {
    return Array.from({ length: count }, () => this.number());
  }

  take(count: number): Buffer {
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }
}

export const signed = (n: number): number => (n % 2 === 0 ? n / 2 : -(n + 1) / 2);
export const after0 = (bytes: Buffer): Buffer => Buffer.concat([Buffer.of(0), bytes]);
export const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');
export const newlinesIn = (bytes: Buffer): number => bytes.reduce((count, byte) => count + (byte === 10 ? 1 : 0), 0);

export function leb128(n: number): Buffer {
  const out: number[] = [];
  let rest = n;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push(128 + (rest % 128));
  return Buffer.from([...out, rest]);
}

export function base32(n: bigint, length: number): string {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
  return Array.from({ length }, (_, i) => alphabet[Number((n >> BigInt(5 * (length - 1 - i))) & 31n)]!).join('');
}

/** RFC 8785 for what occurs here: members in the order of their names, no spaces. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(',')}}`;
}
