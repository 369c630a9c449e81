import {
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { randomToken } from '../../src/common/index.ts';
import type { Identity, Session, Source } from '../../src/identity/index.ts';
import {
  boxIdFromHash,
  boxTranscript,
  type Caller,
  type Challenge,
  type Connect,
  checkNumber,
  connectText,
  grantText,
  helloText,
  type KeyAlgorithm,
  PAIR_KEY_INFO,
  type PairBegin,
  type PairBegun,
  type PairGrant,
  type PairingLink,
  type PairProve,
  type PairStatusAnswer,
  pairStatusText,
  pairTranscript,
  parsePairingLink,
  type Renew,
  renewText,
  type SessionProof,
} from '../../src/protocol/index.ts';

/** The three steps of pairing, in the room itself or over the network. */
export type PairingPeer = Pick<Identity, 'pairBegin' | 'pairProve' | 'pairStatus'>;

/** A phone as the protocol describes it, written here a second time with node:crypto. Checks all the box says. */
export class TestPhone {
  readonly keyAlg: KeyAlgorithm;
  readonly isBrowser: boolean;
  readonly source: Source;
  readonly devicePub: string;
  name = 'Phone';
  requestedRole: string | null = null;
  /** What this phone believes about the TLS key it talks to; null is a browser. */
  spki: string | null | undefined;
  link: PairingLink | undefined;
  begun: PairBegun | undefined;
  nonce = randomToken(32);
  grant: PairGrant | undefined;
  readonly #privateKey: KeyObject;

  constructor(options: { keyAlg?: KeyAlgorithm; browser?: boolean; address?: string; origin?: string } = {}) {
    this.keyAlg = options.keyAlg ?? 'ed25519';
    this.isBrowser = options.browser ?? false;
    this.source = {
      address: options.address ?? '192.168.1.50',
      origin: this.isBrowser ? (options.origin ?? 'https://jingu.local:7443') : null,
    };
    const { privateKey } =
      this.keyAlg === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#privateKey = privateKey;
    const jwk = createPublicKey(privateKey).export({ format: 'jwk' });
    const x = Buffer.from(jwk.x!, 'base64url');
    const raw = this.keyAlg === 'ed25519' ? x : Buffer.concat([Buffer.from([4]), x, Buffer.from(jwk.y!, 'base64url')]);
    this.devicePub = raw.toString('base64url');
  }

  scan(text: string): this {
    this.link = parsePairingLink(text);
    if (!this.link) throw new Error('the link cannot be read');
    return this;
  }

  beginMessage(): PairBegin {
    return {
      pairingId: this.link!.pairingId,
      devicePub: this.devicePub,
      keyAlg: this.keyAlg,
      nonceHash: createHash('sha256').update(Buffer.from(this.nonce, 'base64url')).digest('base64url'),
      spki: this.spki === undefined ? (this.isBrowser ? null : this.link!.spki) : this.spki,
      name: this.name,
      model: 'Test',
      platform: 'test',
      requestedRole: this.requestedRole,
    };
  }

  async begin(identity: PairingPeer): Promise<void> {
    this.begun = await identity.pairBegin(this.beginMessage(), this.source);
    const hash = createHash('sha256').update(Buffer.from(this.begun.boxKey, 'base64url')).digest();
    if (boxIdFromHash(hash) !== this.link!.boxId) throw new Error('this is not the box of the link');
  }

  get transcript(): string {
    const { pairingId, boxId } = this.link!;
    const { spki, requestedRole } = this.beginMessage();
    const { devicePub, keyAlg } = this;
    const boxNonce = this.begun!.boxNonce;
    return pairTranscript({
      boxId,
      spki,
      pairingId,
      clientNonce: this.nonce,
      boxNonce,
      devicePub,
      keyAlg,
      requestedRole,
    });
  }

  proveMessage(): PairProve {
    return {
      pairingId: this.link!.pairingId,
      devicePub: this.devicePub,
      nonce: this.nonce,
      proof: this.#hmac(this.transcript),
      signature: this.sign(this.transcript),
    };
  }

  async prove(identity: PairingPeer): Promise<void> {
    const answer = await identity.pairProve(this.proveMessage(), this.source);
    const text = boxTranscript(this.transcript);
    if (answer.proof !== this.#hmac(text)) throw new Error('the box does not know the secret');
    if (!this.isSignedByBox(text, answer.signature)) throw new Error('the box has not signed');
  }

  /** The six digits on the phone's screen. */
  get check(): string {
    return checkNumber(createHash('sha256').update(this.transcript).digest());
  }

  async status(identity: PairingPeer, waitMs = 0): Promise<PairStatusAnswer> {
    const { pairingId, boxId } = this.link!;
    const { devicePub } = this;
    const signature = this.sign(pairStatusText(boxId, pairingId, devicePub));
    const answer = await identity.pairStatus({ pairingId, devicePub, signature, waitMs }, this.source);
    if (answer.grant) {
      if (!this.isSignedByBox(grantText(answer.grant), answer.grantSignature!)) throw new Error('forged grant');
      this.grant = answer.grant;
    }
    return answer;
  }

  /** Begin and prove. */
  async join(identity: PairingPeer, link: string): Promise<void> {
    this.scan(link);
    await this.begin(identity);
    await this.prove(identity);
  }

  connectMessage(challenge: Challenge, more: Partial<Omit<Connect, 'signature'>> = {}): Connect {
    const said = {
      protocol: [1, 1],
      client: { id: 'test', version: '1', platform: 'test' },
      deviceId: this.grant!.deviceId,
      clientNonce: randomToken(32),
      requestedScopes: [],
      spki: this.isBrowser ? null : this.link!.spki,
      ...more,
    };
    return { ...said, signature: this.sign(connectText(this.source.origin, challenge, said)) };
  }

  connect(identity: Identity): { session: Session; caller: Caller; proof: SessionProof } {
    const challenge = identity.makeChallenge();
    const connect = this.connectMessage(challenge);
    const answer = identity.connect(challenge.connId, connect, this.source);
    const text = helloText(challenge, connect.clientNonce, connect.deviceId, this.link!.spki);
    if (!this.isSignedByBox(text, answer.proof.signature)) throw new Error('forged hello');
    return answer;
  }

  renewMessage(challenge: Challenge): Renew {
    const said = { clientNonce: randomToken(32), spki: this.isBrowser ? null : this.link!.spki };
    return { ...said, signature: this.sign(renewText(this.source.origin, challenge, this.grant!.deviceId, said)) };
  }

  sign(text: string): string {
    const data = Buffer.from(text);
    const signature =
      this.keyAlg === 'ed25519'
        ? sign(null, data, this.#privateKey)
        : sign('sha256', data, { key: this.#privateKey, dsaEncoding: 'ieee-p1363' });
    return signature.toString('base64url');
  }

  isSignedByBox(text: string, signature: string): boolean {
    const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: this.begun!.boxKey } });
    return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
  }

  #hmac(text: string): string {
    const { secret, pairingId } = this.link!;
    const key = hkdfSync('sha256', Buffer.from(secret, 'base64url'), pairingId, PAIR_KEY_INFO, 32);
    return createHmac('sha256', Buffer.from(key)).update(text).digest('base64url');
  }
}
