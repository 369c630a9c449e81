import { createHash, createHmac, generateKeyPairSync, hkdfSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { HttpAnswer, HttpRequest, Transport } from '../../../src/client/index.ts';
import { newId } from '../../../src/common/index.ts';
import {
  boxIdFromHash,
  boxTranscript,
  grantText,
  PAIR_KEY_INFO,
  PATHS,
  type PairBegin,
  type PairGrant,
  type PairingLink,
  type PairProve,
  pairTranscript,
} from '../../../src/protocol/index.ts';

/** An Ed25519 key of a box, by Node's own cryptography: the other implementation than the client's. */
export class BoxKey {
  readonly #private: KeyObject;
  readonly publicKey: string;
  readonly boxId: string;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    this.#private = privateKey;
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url');
    this.publicKey = raw.toString('base64url');
    this.boxId = boxIdFromHash(createHash('sha256').update(raw).digest());
  }

  sign(text: string): string {
    return sign(null, Buffer.from(text), this.#private).toString('base64url');
  }
}

/** What a test may falsify. */
export interface Lies {
  boxKey?: BoxKey;
  secret?: string;
  signer?: BoxKey;
  grantSigner?: BoxKey;
  grantFor?: string;
  state?: 'closed';
}

/** The box's side of `jingu-pair/1`, written from the protocol reference and able to lie. */
export class PairingServer implements Transport {
  readonly key = new BoxKey();
  readonly secret = randomBytes(16).toString('base64url');
  readonly pairingId = newId('pair');
  readonly spki = randomBytes(32).toString('base64url');
  readonly asked: string[] = [];
  lies: Lies = {};
  transcript = '';
  #begin: PairBegin | undefined;
  #boxNonce = '';
  #waits = 0;

  get link(): PairingLink {
    const { boxId } = this.key;
    return {
      boxId,
      addresses: ['dead.test:1', 'box.test:7443'],
      spki: this.spki,
      pairingId: this.pairingId,
      secret: this.secret,
      exp: 0,
    };
  }

  openSocket(): never {
    throw new Error('no sockets in this test');
  }

  async request(url: string, request: HttpRequest): Promise<HttpAnswer> {
    const { host, pathname } = new URL(url);
    if (host === 'dead.test:1') throw new Error('unreachable');
    this.asked.push(pathname);
    const body = JSON.parse(String(request.body ?? '{}'));
    const answer =
      pathname === PATHS.pairBegin
        ? this.#begun(body)
        : pathname === PATHS.pairProve
          ? this.#proven(body)
          : this.#status(body);
    return { status: 200, body: JSON.stringify(answer), seen: { spki: this.spki, exporter: null } };
  }

  #begun(begin: PairBegin) {
    this.#begin = begin;
    this.#boxNonce = randomBytes(32).toString('base64url');
    const { boxId, publicKey } = this.lies.boxKey ?? this.key;
    return {
      boxId: this.lies.boxKey ? this.key.boxId : boxId,
      boxKey: publicKey,
      boxNonce: this.#boxNonce,
      expiresInMs: 1000,
    };
  }

  #proven(prove: PairProve) {
    const begin = this.#begin!;
    if (createHash('sha256').update(Buffer.from(prove.nonce, 'base64url')).digest('base64url') !== begin.nonceHash)
      throw new Error('commitment');
    this.transcript = pairTranscript({
      boxId: this.key.boxId,
      spki: begin.spki,
      pairingId: this.pairingId,
      clientNonce: prove.nonce,
      boxNonce: this.#boxNonce,
      devicePub: begin.devicePub,
      keyAlg: begin.keyAlg,
      requestedRole: begin.requestedRole,
    });
    if (prove.proof !== this.#mac(this.secret, this.transcript)) throw new Error('proof');
    const answer = boxTranscript(this.transcript);
    return {
      proof: this.#mac(this.lies.secret ?? this.secret, answer),
      signature: (this.lies.signer ?? this.key).sign(answer),
      expiresInMs: 1000,
    };
  }

  #status({ devicePub }: { devicePub: string }) {
    if (this.lies.state) return { state: this.lies.state, expiresInMs: 0 };
    if (this.#waits++ < 2) return { state: 'waiting', expiresInMs: 500 };
    const grant: PairGrant = {
      boxId: this.lies.grantFor ?? this.key.boxId,
      deviceId: newId('dev'),
      personId: newId('per'),
      personName: '王芳',
      roles: ['member'],
      epoch: 1,
      exp: devicePub.length,
    };
    return {
      state: 'confirmed',
      expiresInMs: 0,
      grant,
      grantSignature: (this.lies.grantSigner ?? this.key).sign(grantText(grant)),
    };
  }

  #mac(secret: string, text: string): string {
    const key = hkdfSync('sha256', Buffer.from(secret, 'base64url'), this.pairingId, PAIR_KEY_INFO, 32);
    return createHmac('sha256', Buffer.from(key)).update(text).digest('base64url');
  }
}
