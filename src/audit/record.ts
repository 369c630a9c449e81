import { hash } from 'node:crypto';
import { canonicalJson } from '../common/index.ts';
import type { Actor } from '../protocol/index.ts';

/** What a room or the door wants on record. `body` must be plain JSON and carry no secret and no document text. */
export interface AuditInput {
  /** Lower case, parts joined by `-` or `.`: `call`, `refused`, `approval-void`. */
  type: string;
  /** `null`: the box itself, acting for nobody. */
  actor: Actor | null;
  /** The policy in force when the decision was taken. */
  policyHash?: string;
  body: Record<string, unknown>;
}

/** One record as it is hashed, exported and shown. */
export interface AuditEntry {
  /** Gapless from 1; the index of its leaf in the tree is `seq - 1`. */
  seq: number;
  ts: number;
  type: string;
  actor: Actor | null;
  policyHash: string | null;
  body: Record<string, unknown>;
}

/** `prev` of the first record. */
export const NO_LEAF: Uint8Array = new Uint8Array(32);

/**
 * Pairing of effects outside the database: `intent` is durable before the effect starts, `outcome` with the same
 * `body.callId` follows. An intent without an outcome is an effect whose end nobody knows.
 */
export const INTENT = 'intent';
export const OUTCOME = 'outcome';
/** Announces a signing key; the first record of every log is one. */
export const KEY_ADDED = 'audit-key';
/** The wall clock went back by more than a second: time order restarts here, on record. */
export const CLOCK_MOVED = 'clock-moved';

/** The text that is hashed: canonical JSON (RFC 8785) of exactly these six members. */
export function entryText(entry: AuditEntry): string {
  return textOf(entry, canonicalJson(entry.actor), canonicalJson(entry.body));
}

/** The same of an entry whose larger members are canonical JSON already. */
function textOf(entry: Omit<AuditEntry, 'actor' | 'body'>, actor: string, body: string): string {
  const [policyHash, seq, ts, type] = [entry.policyHash, entry.seq, entry.ts, entry.type].map(canonicalJson);
  return `{"actor":${actor},"body":${body},"policyHash":${policyHash},"seq":${seq},"ts":${ts},"type":${type}}`;
}

/**
 * leaf = SHA-256(0x00 || prev || entryText as UTF-8). That is the RFC 6962 leaf hash of `prev || entryText`: one hash
 * binds a record into the chain (through the 32 bytes of the leaf before it) and into the tree.
 */
export function leafOf(prev: Uint8Array, entry: AuditEntry): Buffer {
  return leafOfText(prev, entryText(entry));
}

/** A record as it is stored, and its leaf: what is large is written down once for both. */
export function stored(
  prev: Uint8Array,
  { actor, body, ...entry }: AuditEntry,
): { actor: string | null; body: string; leaf: Buffer } {
  const [actorText, bodyText] = [canonicalJson(actor), canonicalJson(body)];
  const leaf = leafOfText(prev, textOf(entry, actorText, bodyText));
  return { actor: actor === null ? null : actorText, body: bodyText, leaf };
}

function leafOfText(prev: Uint8Array, entry: string): Buffer {
  const text = Buffer.from(entry, 'utf8');
  const data = Buffer.allocUnsafe(33 + text.length);
  data[0] = 0;
  data.set(prev, 1);
  text.copy(data, 33);
  return hash('sha256', data, 'buffer');
}

export function callIdOf(input: AuditInput): string {
  const callId = input.body['callId'];
  if (typeof callId !== 'string' || callId === '') throw new TypeError(`${input.type} needs body.callId`);
  return callId;
}
