import { closed, Id, type Static, Type } from './schema.ts';

/** Schemas of the handshake and the renewal. What is signed is in `session.ts`. */

const Bytes32 = Type.String({ minLength: 43, maxLength: 43, pattern: '^[A-Za-z0-9_-]+$' });
const Signature = Type.String({ minLength: 86, maxLength: 86, pattern: '^[A-Za-z0-9_-]+$' });
const Range = Type.Array(Type.Integer({ minimum: 1, maximum: 1_000_000 }), { minItems: 2, maxItems: 2 });

/** Box -> client, notification `challenge`: first on every socket, and again when a renewal is due. */
export const Challenge = closed({
  connId: Id,
  boxId: Id,
  nonce: Bytes32,
  protocol: Range,
  limits: closed({
    frameBytes: Type.Integer({ minimum: 1 }),
    answerMs: Type.Integer({ minimum: 1 }),
  }),
});
export type Challenge = Static<typeof Challenge>;

const Client = closed({
  id: Type.String({ maxLength: 100 }),
  version: Type.String({ maxLength: 40 }),
  platform: Type.String({ maxLength: 100 }),
});

/** What the newest signed checkpoint of the audit log looked like to this device. */
const SeenHead = Type.Object(
  { size: Type.Integer({ minimum: 0 }), root: Type.String({ maxLength: 100 }) },
  { additionalProperties: false },
);

const ConnectFields = {
  protocol: Range,
  client: Client,
  deviceId: Id,
  clientNonce: Bytes32,
  /** A wish to hold less than the box would grant; never more. Empty: everything the box grants. */
  requestedScopes: Type.Array(Type.String({ maxLength: 40 }), { maxItems: 32 }),
  /** SHA-256 of the TLS key: as seen by a native client, as pinned from the link (or null) by a browser. */
  spki: Type.Union([Bytes32, Type.Null()]),
  locale: Type.Optional(Type.Union([Type.Literal('en'), Type.Literal('zh')])),
  seenAuditHead: Type.Optional(SeenHead),
};

/** Client -> box, request `session.connect`. */
export const Connect = closed({ ...ConnectFields, signature: Signature });
export type Connect = Static<typeof Connect>;

/** Client -> box, request `session.renew`, answering the newest challenge on this socket. */
export const Renew = closed({
  clientNonce: Bytes32,
  spki: Type.Union([Bytes32, Type.Null()]),
  signature: Signature,
});
export type Renew = Static<typeof Renew>;

/** Answer of `session.renew` and part of `hello`. */
export const SessionProof = closed({
  sessionId: Id,
  expiresInMs: Type.Integer({ minimum: 0 }),
  /** By the identity key of the box over `helloText`. */
  signature: Signature,
});
export type SessionProof = Static<typeof SessionProof>;

/** A credential for REST, from `session.bearer` or a signed request: at most 10 minutes, opens no socket. */
export const Bearer = closed({
  bearer: Type.String({ minLength: 20, maxLength: 100, secret: true }),
  expiresInMs: Type.Integer({ minimum: 0 }),
});
export type Bearer = Static<typeof Bearer>;
