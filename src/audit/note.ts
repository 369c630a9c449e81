import { hash } from 'node:crypto';

/** An Ed25519 key that signs checkpoints; whoever owns the private half keeps it to itself. */
export interface NoteSigner {
  /** Raw 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes (RFC 8032). */
  sign(message: Uint8Array): Uint8Array;
}

/** A checkpoint as stored and sent: the C2SP signed note, with the fields it says. `root` is standard base64. */
export interface SignedCheckpoint {
  origin: string;
  size: number;
  root: string;
  note: string;
  at: number;
}

/** C2SP signed note: signature type of plain Ed25519. */
const ED25519 = 1;

/** Key names travel in signature lines, so no space and no plus sign (C2SP signed-note). */
export function isKeyName(name: string): boolean {
  return /^[^\s+]{1,200}$/u.test(name);
}

/** The note verifier key of an Ed25519 key: `name+<key id in hex>+<base64 of 0x01 || public key>`. */
export function verifierKey(name: string, key: NoteSigner): string {
  const material = keyMaterial(key);
  return `${name}+${keyId(name, material).toString('hex')}+${material.toString('base64')}`;
}

/** The checkpoint text of C2SP tlog-checkpoint: origin, size and root, a line each. */
export function checkpointText(origin: string, size: number, root: Uint8Array): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;
}

/** A signed note: the text, an empty line, one signature line whose key name is the origin. */
export function signNote(text: string, name: string, key: NoteSigner): string {
  const signature = key.sign(Buffer.from(text, 'utf8'));
  const id = keyId(name, keyMaterial(key));
  return `${text}\n\u2014 ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`;
}

/** What the old key signs to hand over to the next one; the first key signs itself, with `-` before it. */
export function signHandover(previous: string | null, next: string, key: NoteSigner): string {
  const text = `jingu-audit-key/1\n${previous ?? '-'}\n${next}\n`;
  return Buffer.from(key.sign(Buffer.from(text, 'utf8'))).toString('base64');
}

function keyMaterial(key: NoteSigner): Buffer {
  if (key.publicKey.length !== 32) throw new TypeError('an audit key is an Ed25519 key');
  return Buffer.concat([Buffer.from([ED25519]), key.publicKey]);
}

function keyId(name: string, material: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`, 'utf8'), material]), 'buffer').subarray(0, 4);
}
