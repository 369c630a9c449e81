import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, fail, type Logger } from '../common/index.ts';
import { type IssuedCa, issueCa, issueLeaf } from './certificates.ts';
import { writeSecretFile } from './durable-file.ts';
import { type KeyFolder, loadOrMakeKey, parsePrivateKey, tightenMode } from './key-folder.ts';

const DAY = 86_400_000;
/** A leaf is replaced when less than this is left of its 90 days. */
const RENEW_BEFORE = 30 * DAY;
const CHECK_EVERY = 12 * 60 * 60_000;

/** What a TLS listener and a pairing link need. */
export interface TlsMaterial {
  /** PEM of the leaf's private key. */
  key: string;
  /** PEM chain: leaf, then the box's authority. */
  cert: string;
  /** PEM of the authority alone, for the page that hands it out. */
  ca: string;
  /** SHA-256 of the leaf's SubjectPublicKeyInfo, base64url: the pin of native clients. Stays the same at renewal. */
  spkiSha256: string;
  /** Wall-clock milliseconds. */
  notAfter: number;
  names: readonly string[];
}

export interface TlsIdentityOptions {
  keys: KeyFolder;
  /** Lower-case DNS names of the box, `<box>.local` first. Never addresses: clients that dial one rely on the pin. */
  names: readonly string[];
  clock: Clock;
  log: Logger;
}

/**
 * The TLS key of the box, its certificate and the authority behind it. The key outlives certificates, so that a pin
 * taken from a pairing link stays true. A changed list of names makes a new authority, since the old one may not vouch
 * for the new names.
 */
export class TlsIdentity {
  readonly #keys: KeyFolder;
  readonly #names: readonly string[];
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #renewed = new Set<(material: TlsMaterial) => void>();
  #cancel: (() => void) | undefined;

  constructor(options: TlsIdentityOptions) {
    this.#keys = options.keys;
    this.#names = checkedNames(options.names);
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Makes or renews what is missing or due, then watches the expiry. Returns the material in force. */
  async start(): Promise<TlsMaterial> {
    const material = await this.material();
    this.#cancel?.();
    this.#cancel = this.#clock.after(CHECK_EVERY, () => void this.#check(material.notAfter));
    return material;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Called with new material after a renewal, so that listeners can swap it without closing sockets. */
  onRenewed(fn: (material: TlsMaterial) => void): () => void {
    this.#renewed.add(fn);
    return () => this.#renewed.delete(fn);
  }

  /** The material in force; issues first if something is missing, broken off or due. */
  async material(): Promise<TlsMaterial> {
    const now = this.#clock.now();
    const leafKey = loadOrMakeKey(this.#keys.path, 'tls-leaf.key', 'p256', this.#log);
    let ca = this.#loadCa();
    let leaf = this.#loadCertificate('tls-leaf.crt');
    const hasNames = leaf !== undefined && sameNames(leaf, this.#names);
    if (!ca || !hasNames || isDue(ca.certificate, now)) {
      ca = await this.#makeCa(now);
      leaf = undefined;
    }
    if (!leaf || !isGood(leaf, leafKey, ca, now)) {
      const pem = await issueLeaf(ca, leafKey, this.#names, now);
      writeSecretFile(join(this.#keys.path, 'tls-leaf.crt'), pem);
      this.#log.info({ names: this.#names }, 'certificate-issued');
      leaf = new X509Certificate(pem);
    }
    return {
      key: leafKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      cert: `${leaf.toString()}${ca.certificate}`,
      ca: ca.certificate,
      spkiSha256: spkiSha256(leafKey),
      notAfter: Date.parse(leaf.validTo),
      names: this.#names,
    };
  }

  async #check(before: number): Promise<void> {
    try {
      const material = await this.start();
      if (material.notAfter !== before) for (const fn of this.#renewed) fn(material);
    } catch (error) {
      this.#log.error({ reason: error instanceof Error ? error.message : String(error) }, 'certificate-renewal-failed');
      this.#cancel = this.#clock.after(CHECK_EVERY, () => void this.#check(before));
    }
  }

  /** Key and certificate share one file, so that no crash can leave a certificate of another key. */
  #loadCa(): IssuedCa | undefined {
    const path = join(this.#keys.path, 'tls-ca.pem');
    if (!existsSync(path)) return undefined;
    tightenMode(path, 'tls-ca.pem', this.#log);
    const pem = readFileSync(path, 'utf8');
    const key = parsePrivateKey(pem, 'tls-ca.pem', 'p256');
    const certificate = /-----BEGIN CERTIFICATE-----[\s\S]*-----END CERTIFICATE-----\n/.exec(pem)?.[0];
    if (!certificate) throw fail('KEY_FILE_BROKEN', { file: 'tls-ca.pem', reason: 'it holds no certificate' });
    return { key, certificate };
  }

  async #makeCa(now: number): Promise<IssuedCa> {
    // The old key goes with the old names: an authority that vouched for a former name keeps no way to sign.
    const path = join(this.#keys.path, 'tls-ca.pem');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const certificate = await issueCa(privateKey, this.#keys.boxId, this.#names, now);
    writeSecretFile(path, `${privateKey.export({ type: 'pkcs8', format: 'pem' }) as string}${certificate}`);
    this.#log.info({ names: this.#names }, 'authority-made');
    return { key: privateKey, certificate };
  }

  #loadCertificate(name: string): X509Certificate | undefined {
    const path = join(this.#keys.path, name);
    if (!existsSync(path)) return undefined;
    try {
      return new X509Certificate(readFileSync(path));
    } catch {
      this.#log.warn({ file: name }, 'certificate-unreadable');
      return undefined;
    }
  }
}

/** SHA-256 over the DER SubjectPublicKeyInfo (RFC 7469), base64url. */
export function spkiSha256(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
}

function isDue(certificate: string, now: number): boolean {
  const x509 = new X509Certificate(certificate);
  return Date.parse(x509.validFrom) > now || Date.parse(x509.validTo) - now < RENEW_BEFORE;
}

function isGood(leaf: X509Certificate, key: KeyObject, ca: IssuedCa, now: number): boolean {
  const issuer = new X509Certificate(ca.certificate);
  return leaf.checkPrivateKey(key) && leaf.verify(issuer.publicKey) && !isDue(leaf.toString(), now);
}

function sameNames(leaf: X509Certificate, names: readonly string[]): boolean {
  return leaf.subjectAltName === names.map((name) => `DNS:${name}`).join(', ');
}

/** Names end up in certificates and in links: only plain host names, in lower case. */
function checkedNames(names: readonly string[]): readonly string[] {
  const unique = [...new Set(names.map((name) => name.toLowerCase()))];
  const shape = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;
  for (const name of unique) {
    if (!shape.test(name) || /^[\d.]+$/.test(name)) throw fail('BOX_NAME_INVALID', { name });
  }
  if (unique.length === 0) throw fail('BOX_NAME_INVALID', { name: '' });
  return unique;
}
