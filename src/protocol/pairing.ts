import { canonicalJson } from '../common/index.ts';
import { closed, Id, type Static, Type } from './schema.ts';

/**
 * The wire form of pairing `jingu-pair/1`, shared by box and client: schemas, the transcript both sides sign, the link
 * and the six digits. No cryptography here: hashes and MACs come in, so that the box uses node:crypto and a browser
 * WebCrypto over the very same bytes.
 */
export const PAIR_PROTOCOL = 'jingu-pair/1';

/** Raw public key, base64url: 32 bytes for Ed25519, 65 bytes (uncompressed point) for P-256. */
export const DevicePublicKey = Type.String({ minLength: 43, maxLength: 88, pattern: '^[A-Za-z0-9_-]+$' });
export const KeyAlgorithm = Type.Union([Type.Literal('ed25519'), Type.Literal('p256')]);
export type KeyAlgorithm = Static<typeof KeyAlgorithm>;
/** 32 bytes, base64url: a nonce, a SHA-256 or a MAC. */
const Bytes32 = Type.String({ minLength: 43, maxLength: 43, pattern: '^[A-Za-z0-9_-]+$' });
/** 64 bytes, base64url: Ed25519, or P-256 as r || s (IEEE P1363, the form WebCrypto makes). */
const Signature = Type.String({ minLength: 86, maxLength: 86, pattern: '^[A-Za-z0-9_-]+$' });
const Claim = Type.String({ maxLength: 100 });

/** `POST /api/pair/begin`. `nonceHash` commits to the client nonce before the box shows its own, so neither side can choose the six digits. */
export const PairBegin = closed({
  pairingId: Id,
  devicePub: DevicePublicKey,
  keyAlg: KeyAlgorithm,
  /** SHA-256 of the 32 bytes of the client nonce. */
  nonceHash: Bytes32,
  /** TLS key as the client saw it (SHA-256 of the SPKI); null from a browser, which cannot read it. */
  spki: Type.Union([Bytes32, Type.Null()]),
  name: Type.String({ minLength: 1, maxLength: 100 }),
  model: Claim,
  platform: Claim,
  /** Shown to the administrator, nothing more. */
  requestedRole: Type.Union([Type.String({ maxLength: 40 }), Type.Null()]),
});
export type PairBegin = Static<typeof PairBegin>;

export const PairBegun = closed({
  boxId: Id,
  /** Ed25519 public key of the box; its hash must be the `boxId` of the link. */
  boxKey: DevicePublicKey,
  boxNonce: Bytes32,
  expiresInMs: Type.Integer({ minimum: 0 }),
});
export type PairBegun = Static<typeof PairBegun>;

/** `POST /api/pair/prove`: opens the commitment, proves the secret of the link and the device key. */
export const PairProve = closed({
  pairingId: Id,
  devicePub: DevicePublicKey,
  nonce: Bytes32,
  /** HMAC-SHA-256(K, T). */
  proof: Bytes32,
  /** By the device key over T. */
  signature: Signature,
});
export type PairProve = Static<typeof PairProve>;

export const PairProven = closed({
  /** HMAC-SHA-256(K, "box" || T): this box knows the secret too. */
  proof: Bytes32,
  /** By the identity key of the box over "box" || T. */
  signature: Signature,
  expiresInMs: Type.Integer({ minimum: 0 }),
});
export type PairProven = Static<typeof PairProven>;

/** `POST /api/pair/status`: the device asks, by its key, how its pairing ended. Works after a restart of the box too. */
export const PairStatus = closed({
  pairingId: Id,
  devicePub: DevicePublicKey,
  /** By the device key over `pairStatusText`. */
  signature: Signature,
  /** Hold the answer until something changes, at most this long. */
  waitMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 30_000 })),
});
export type PairStatus = Static<typeof PairStatus>;

/** What the box grants a device, signed by its identity key over `grantText`. It says who, it opens nothing by itself. */
export const PairGrant = closed({
  boxId: Id,
  deviceId: Id,
  personId: Id,
  personName: Type.String(),
  roles: Type.Array(Type.String()),
  epoch: Type.Integer(),
  /** Wall-clock milliseconds of the box; moves on while the device is used. */
  exp: Type.Integer(),
});
export type PairGrant = Static<typeof PairGrant>;

export const PairState = Type.Union([
  Type.Literal('waiting'),
  Type.Literal('confirmed'),
  /** Cancelled, expired or closed by a restart: scan a new link. */
  Type.Literal('closed'),
]);

export const PairStatusAnswer = closed({
  state: PairState,
  expiresInMs: Type.Integer({ minimum: 0 }),
  grant: Type.Optional(PairGrant),
  grantSignature: Type.Optional(Signature),
});
export type PairStatusAnswer = Static<typeof PairStatusAnswer>;

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
