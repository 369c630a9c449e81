import { canonicalJson } from '../common/index.ts';
import type { KeyAlgorithm, PairGrant } from './pairing-frames.ts';

/**
 * What both sides of pairing `jingu-pair/1` compute alike: the transcript they sign, the six digits, the box id. No
 * cryptography here: hashes and MACs are made outside, by node:crypto on the box and WebCrypto in a browser, over the
 * very same bytes.
 */
export const PAIR_PROTOCOL = 'jingu-pair/1';

export interface PairTranscript {
  boxId: string;
  spki: string | null;
  pairingId: string;
  clientNonce: string;
  boxNonce: string;
  devicePub: string;
  keyAlg: KeyAlgorithm;
  requestedRole: string | null;
}

/** T: canonical JSON, never fields joined by a separator. */
export function pairTranscript(fields: PairTranscript): string {
  const { boxId, spki, pairingId, clientNonce, boxNonce, devicePub, keyAlg, requestedRole } = fields;
  const proto = PAIR_PROTOCOL;
  return canonicalJson({ proto, boxId, spki, pairingId, clientNonce, boxNonce, devicePub, keyAlg, requestedRole });
}

/** What the box authenticates in its answer. T begins with `{`, so this can never be read as another T. */
export function boxTranscript(transcript: string): string {
  return `box${transcript}`;
}

/** Salt and info of K = HKDF-SHA-256(secret, salt = pairingId, info), 32 bytes. */
export const PAIR_KEY_INFO = PAIR_PROTOCOL;

export function pairStatusText(boxId: string, pairingId: string, devicePub: string): string {
  return canonicalJson({ purpose: 'jingu-pair-status/1', boxId, pairingId, devicePub });
}

export function grantText(grant: PairGrant): string {
  return canonicalJson({ purpose: 'jingu-grant/1', grant });
}

/** Six digits from SHA-256(T), the same on both screens. Bias below 1 in 4,000 a digit string: 32 bits modulo 10^6. */
export function checkNumber(transcriptHash: Uint8Array): string {
  const value = new DataView(transcriptHash.buffer, transcriptHash.byteOffset).getUint32(0);
  return String(value % 1_000_000).padStart(6, '0');
}

const BASE32 = '0123456789abcdefghjkmnpqrstvwxyz';

/** `box_` and the first 130 bits of SHA-256(identity public key) in base32. */
export function boxIdFromHash(hash: Uint8Array): string {
  let out = '';
  let bits = 0;
  let value = 0;
  for (const byte of hash.subarray(0, 17)) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5 && out.length < 26) {
      bits -= 5;
      out += BASE32[(value >> bits) & 31];
    }
    value &= (1 << bits) - 1;
  }
  return `box_${out}`;
}
