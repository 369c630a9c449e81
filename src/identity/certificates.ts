import { createPublicKey, type KeyObject, randomBytes } from 'node:crypto';

/** PEM of a private key and its certificate. */
export interface IssuedCa {
  key: KeyObject;
  certificate: string;
}

const DAY = 86_400_000;
/** Clocks of phones lag: a certificate made this second must not be "not yet valid" there. */
const BACKDATE = DAY;
export const CA_DAYS = 3650;
export const LEAF_DAYS = 90;

/**
 * The certificate authority of one box: it can vouch for the box's own names and for nothing else. A constraint on DNS
 * names alone still lets it sign any IP address (OpenSSL 3.0 accepts such a leaf), so all addresses are excluded too.
 */
export async function issueCa(key: KeyObject, boxId: string, names: readonly string[], now: number): Promise<string> {
  const x509 = await loadX509();
  const keys = cryptoKeys(key);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=Jingu ${boxId}`,
    notBefore: new Date(now - BACKDATE),
    notAfter: new Date(now - BACKDATE + CA_DAYS * DAY),
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      new x509.Extension('2.5.29.30', true, nameConstraints(names)),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

/** The TLS certificate: DNS names only (no address is vouched for), at most 90 days. */
export async function issueLeaf(
  ca: IssuedCa,
  leafKey: KeyObject,
  names: readonly string[],
  now: number,
): Promise<string> {
  const x509 = await loadX509();
  const caKeys = cryptoKeys(ca.key);
  const leafKeys = cryptoKeys(leafKey);
  const issuer = new x509.X509Certificate(ca.certificate);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${names[0]}`,
    issuer: issuer.subject,
    notBefore: new Date(now - BACKDATE),
    notAfter: new Date(now - BACKDATE + LEAF_DAYS * DAY),
    publicKey: leafKeys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value }))),
      await x509.SubjectKeyIdentifierExtension.create(leafKeys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

/**
 * Loaded only when something is issued (about once in two months): it costs some 300 ms and 20 MB that an ordinary
 * start must not pay. Its injector wants the Reflect metadata functions to exist first.
 */
async function loadX509() {
  await import('reflect-metadata');
  return await import('@peculiar/x509');
}

function cryptoKeys(key: KeyObject): CryptoKeyPair {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  // Node's own CryptoKey type knows more usages than the browser's; these two are in both.
  return {
    privateKey: key.toCryptoKey(algorithm, true, ['sign']) as CryptoKey,
    publicKey: createPublicKey(key).toCryptoKey(algorithm, true, ['verify']) as CryptoKey,
  };
}

/** RFC 5280, 4.1.2.2: positive and at most 20 bytes. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** DER of NameConstraints (RFC 5280, 4.2.1.10): these DNS names permitted, every IPv4 and IPv6 address excluded. */
function nameConstraints(names: readonly string[]): Uint8Array<ArrayBuffer> {
  const permitted = names.map((name) => der(0x30, der(0x82, Buffer.from(name, 'ascii'))));
  const excluded = [Buffer.alloc(8), Buffer.alloc(32)].map((range) => der(0x30, der(0x87, range)));
  return new Uint8Array(der(0x30, der(0xa0, ...permitted), der(0xa1, ...excluded)));
}

function der(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}
