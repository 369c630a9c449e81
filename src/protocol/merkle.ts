import { canonicalJson } from '../common/index.ts';

/** A checkpoint of the audit log as a witness keeps it: C2SP signed note, read but not yet trusted. */
export interface Checkpoint {
  origin: string;
  size: number;
  root: Uint8Array<ArrayBuffer>;
  /** The signed text, up to and with the newline before the empty line. */
  text: string;
  signatures: { name: string; keyId: string; signature: Uint8Array<ArrayBuffer> }[];
}

const HASH_BYTES = 32;

/** Leaf hash of an audit record: SHA-256(0x00 || prev || canonical JSON of its six members). */
export function auditLeaf(prev: Uint8Array, record: Record<string, unknown>): Promise<Uint8Array<ArrayBuffer>> {
  const { actor, body, policyHash, seq, ts, type } = record;
  const text = new TextEncoder().encode(canonicalJson({ actor, body, policyHash, seq, ts, type }));
  return sha256(Uint8Array.of(0), prev, text);
}

/**
 * RFC 9162, 2.1.3.2. False for anything that does not prove that the leaf at `index` is in the tree of `size`,
 * sizes of zero and numbers beyond 2^53 among them.
 */
export async function verifyInclusion(proof: {
  index: number;
  size: number;
  leaf: Uint8Array;
  root: Uint8Array;
  path: readonly Uint8Array[];
}): Promise<boolean> {
  const { index, size, leaf, root, path } = proof;
  if (!isSize(size) || !Number.isSafeInteger(index) || index < 0 || index >= size) return false;
  if (!areHashes([leaf, root, ...path])) return false;
  let fn = index;
  let sn = size - 1;
  let hash = leaf;
  for (const step of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = await node(step, hash);
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      hash = await node(hash, step);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && same(hash, root);
}

/**
 * RFC 9162, 2.1.4.2: the first `from` records of the log of `to` are those of the log of `from`. False for sizes of
 * zero (the empty log is consistent with anything, which proves nothing) and for any malformed proof.
 */
export async function verifyConsistency(proof: {
  from: number;
  to: number;
  fromRoot: Uint8Array;
  toRoot: Uint8Array;
  path: readonly Uint8Array[];
}): Promise<boolean> {
  const { from, to, fromRoot, toRoot, path } = proof;
  if (!isSize(from) || !isSize(to) || from > to) return false;
  if (from === to) return path.length === 0 && same(fromRoot, toRoot);
  if (path.length === 0 || !areHashes([fromRoot, toRoot, ...path])) return false;
  const isPower = Number.isInteger(Math.log2(from)) && 2 ** Math.round(Math.log2(from)) === from;
  const [first, ...rest] = isPower ? [fromRoot, ...path] : path;
  let fn = from - 1;
  let sn = to - 1;
  while (fn % 2 === 1) {
    fn = half(fn);
    sn = half(sn);
  }
  let oldHash: Uint8Array = first!;
  let newHash: Uint8Array = first!;
  for (const step of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      oldHash = await node(step, oldHash);
      newHash = await node(step, newHash);
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      newHash = await node(newHash, step);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && same(oldHash, fromRoot) && same(newHash, toRoot);
}

/** Reads a C2SP checkpoint (tlog-checkpoint in a signed note). `undefined` for anything else. */
export function parseCheckpoint(note: string): Checkpoint | undefined {
  const end = note.indexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) return undefined;
  const [origin, size, root] = note.slice(0, end).split('\n');
  const rootBytes = fromBase64(root ?? '');
  if (!origin || !/^[1-9]\d{0,15}$/.test(size ?? '') || rootBytes?.length !== HASH_BYTES) return undefined;
  const signatures: Checkpoint['signatures'] = [];
  for (const line of note.slice(end + 2, -1).split('\n')) {
    const [, name, data] = /^\u2014 (\S+) (\S+)$/u.exec(line) ?? [];
    const bytes = fromBase64(data ?? '');
    if (name === undefined || !bytes || bytes.length < 5) return undefined;
    signatures.push({ name, keyId: hex(bytes.subarray(0, 4)), signature: bytes.slice(4) });
  }
  return { origin, size: Number(size), root: rootBytes, text: note.slice(0, end + 1), signatures };
}

/**
 * True if one signature line is by `verifier` (C2SP verifier key, Ed25519) and the note's origin is that key's name.
 * Throws if the runtime has no Ed25519 in WebCrypto.
 */
export async function verifyCheckpoint(checkpoint: Checkpoint, verifier: string): Promise<boolean> {
  const [, name, keyId, data] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(verifier) ?? [];
  const material = fromBase64(data ?? '');
  if (name === undefined || name !== checkpoint.origin || material?.length !== 33 || material[0] !== 1) return false;
  const id = await sha256(new TextEncoder().encode(`${name}\n`), material);
  if (hex(id.subarray(0, 4)) !== keyId) return false;
  const line = checkpoint.signatures.find((s) => s.name === name && s.keyId === keyId);
  if (!line) return false;
  const key = await crypto.subtle.importKey('raw', material.slice(1), 'Ed25519', false, ['verify']);
  return crypto.subtle.verify('Ed25519', key, line.signature, new TextEncoder().encode(checkpoint.text));
}

export type WitnessVerdict = 'consistent' | 'forked' | 'truncated' | 'unproved';

/**
 * What a witness concludes from the checkpoint it kept and the one the box shows now. `path` is the answer of
 * `audit.consistency {from: kept.size, to: shown.size}`, standard base64. Anything but `consistent` is an alarm.
 */
export async function checkWitness(
  kept: Checkpoint,
  shown: Checkpoint,
  path: readonly string[],
): Promise<WitnessVerdict> {
  if (kept.origin !== shown.origin) return 'forked';
  if (shown.size < kept.size) return 'truncated';
  if (shown.size === kept.size) return same(kept.root, shown.root) ? 'consistent' : 'forked';
  const hashes = path.map((text) => fromBase64(text) ?? new Uint8Array());
  const proof = { from: kept.size, to: shown.size, fromRoot: kept.root, toRoot: shown.root, path: hashes };
  return (await verifyConsistency(proof)) ? 'consistent' : 'unproved';
}

/** Strict standard base64 with padding; `undefined` for anything else. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return undefined;
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

function isSize(n: number): boolean {
  return Number.isSafeInteger(n) && n > 0;
}

function half(n: number): number {
  return Math.floor(n / 2);
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((h) => h.length === HASH_BYTES);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function node(left: Uint8Array, right: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return sha256(Uint8Array.of(1), left, right);
}

async function sha256(...parts: Uint8Array[]): Promise<Uint8Array<ArrayBuffer>> {
  const data = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let offset = 0;
  for (const part of parts) {
    data.set(part, offset);
    offset += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', data));
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
}
