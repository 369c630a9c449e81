import { closed, Id, type Static, Type } from './schema.ts';

/** Bodies of the three REST calls of pairing `jingu-pair/1`. What both sides sign is in `pairing.ts`. */

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
