import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import { X509CertificateGenerator } from '@peculiar/x509';

/** A TLS key and certificate that nobody vouches for, and the hash a client would pin. */
export async function selfSigned(): Promise<{ cert: string; key: string; spki: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
  const now = Date.now();
  const made = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=stand-in',
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + 86_400_000),
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8.replaceAll(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
  const der = Buffer.from(await webcrypto.subtle.exportKey('spki', keys.publicKey));
  return { cert: made.toString('pem'), key, spki: createHash('sha256').update(der).digest('base64url') };
}
