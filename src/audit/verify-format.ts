// Formats that the offline verifier reads: RFC 8785, C2SP signed-note and tlog-checkpoint. Only node:crypto.
import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Fields = { [key: string]: Json };

export interface Key {
  /** Record that announced it. */
  seq: number;
  name: string;
  text: string;
  key: KeyObject;
  id: string;
}

/** Something that does not fit. `isLast`: nothing after it can be judged. */
export class Fault extends Error {
  readonly seq: number;
  readonly what: string;
  readonly isLast: boolean;

  constructor(seq: number, what: string, isLast = false) {
    super(what);
    this.seq = seq;
    this.what = what;
    this.isLast = isLast;
  }
}

export function sha256(...parts: Uint8Array[]): Buffer {
  return hash('sha256', Buffer.concat(parts), 'buffer');
}

/** Origin, size and root of a checkpoint (C2SP tlog-checkpoint). */
export function parseHead(note: string): { size: number; root: string } | undefined {
  const [, size, root] = note.split('\n');
  if (!/^[1-9]\d{0,15}$/.test(size ?? '') || !/^[A-Za-z0-9+/]{43}=$/.test(root ?? '')) return undefined;
  return { size: Number(size), root: root! };
}

/** C2SP signed-note: some signature line has the log's name, the key's id and a good signature over the text. */
export function isSigned(note: string, origin: string, key: Key): boolean {
  const end = note.indexOf('\n\n');
  if (end < 0 || !note.startsWith(`${origin}\n`)) return false;
  return note
    .slice(end + 2)
    .split('\n')
    .some((line) => {
      const [dash, name, data] = line.split(' ');
      const bytes = Buffer.from(data ?? '', 'base64');
      if (bytes.toString('base64') !== data) return false;
      if (dash !== '\u2014' || name !== key.name || bytes.subarray(0, 4).toString('hex') !== key.id) return false;
      return verify(null, Buffer.from(note.slice(0, end + 1), 'utf8'), key.key, bytes.subarray(4));
    });
}

/** `name+id+base64(0x01 || Ed25519 public key)`; the id must be the one that name and key give. */
export function parseKey(seq: number, text: string): Key | undefined {
  const [, name, id, data] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text) ?? [];
  const material = Buffer.from(data ?? '', 'base64');
  if (name === undefined || id === undefined || material.length !== 33 || material[0] !== 1) return undefined;
  const expected = sha256(Buffer.from(`${name}\n`, 'utf8'), material)
    .subarray(0, 4)
    .toString('hex');
  if (id !== expected) return undefined;
  const x = material.subarray(1).toString('base64url');
  return { seq, name, text, id, key: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }) };
}

/** RFC 8785. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((k) => `${JSON.stringify(k)}:${canonical(value[k]!)}`).join(',')}}`;
}
