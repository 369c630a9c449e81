import {
  createHash,
  createHmac,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { fromBase64Url } from '../common/index.ts';
import { type KeyAlgorithm, PAIR_KEY_INFO } from '../protocol/index.ts';

/** Reads a raw public key of that algorithm; `undefined` for anything that is not a point on the curve. */
export function readDeviceKey(keyAlg: KeyAlgorithm, text: string): KeyObject | undefined {
  const raw = fromBase64Url(text);
  if (!raw) return undefined;
  const part = (from: number, to: number) => Buffer.from(raw.subarray(from, to)).toString('base64url');
  try {
    if (keyAlg === 'ed25519') {
      if (raw.length !== 32) return undefined;
      return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: part(0, 32) } });
    }
    if (raw.length !== 65 || raw[0] !== 4) return undefined;
    return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x: part(1, 33), y: part(33, 65) } });
  } catch {
    return undefined;
  }
}

/** Verifies as the record says, never as the message says. Malformed signatures are simply false. */
export function isSignedBy(keyAlg: KeyAlgorithm, publicKey: string, text: string, signature: string): boolean {
  const key = readDeviceKey(keyAlg, publicKey);
  const bytes = fromBase64Url(signature);
  if (!key || bytes?.length !== 64) return false;
  return keyAlg === 'ed25519'
    ? verify(null, Buffer.from(text), key, bytes)
    : verify('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, bytes);
}

export function sha256(data: Uint8Array | string): Buffer {
  return createHash('sha256').update(data).digest();
}

/** K of a pairing window. The secret itself is not kept. */
export function pairKey(secret: Uint8Array, pairingId: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, pairingId, PAIR_KEY_INFO, 32));
}

export function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Constant-time for equal lengths; the lengths here are fixed by the schema. */
export function isSame(expected: Uint8Array, text: string): boolean {
  const given = fromBase64Url(text);
  return given !== undefined && given.length === expected.length && timingSafeEqual(expected, given);
}
