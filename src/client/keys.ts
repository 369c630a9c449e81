import { fromBase64Url, toBase64Url } from '../common/index.ts';
import type { KeyAlgorithm } from '../protocol/index.ts';

/** The key that stands for this device. It signs; nothing here can read its private part. */
export interface DeviceKey {
  algorithm: KeyAlgorithm;
  /** Raw public key, base64url: 32 bytes (Ed25519) or the 65-byte point (P-256). */
  publicKey: string;
  /** 64 bytes, base64url: Ed25519, or P-256 as r || s. */
  sign(text: string): Promise<string>;
}

const PARAMS = {
  ed25519: { make: { name: 'Ed25519' }, sign: { name: 'Ed25519' } },
  p256: { make: { name: 'ECDSA', namedCurve: 'P-256' }, sign: { name: 'ECDSA', hash: 'SHA-256' } },
} as const;

/**
 * A new key pair of WebCrypto, Ed25519 where there is one (Chrome 137, Firefox 129, Safari 17), else P-256. Not
 * extractable unless asked: a browser keeps the pair itself in IndexedDB, a program may want to write it to a file.
 */
export async function generateKeyPair(options: { extractable?: boolean } = {}): Promise<CryptoKeyPair> {
  const make = (algorithm: KeyAlgorithm) =>
    crypto.subtle.generateKey(PARAMS[algorithm].make, options.extractable ?? false, [
      'sign',
      'verify',
    ]) as Promise<CryptoKeyPair>;
  try {
    return await make('ed25519');
  } catch (error) {
    if ((error as Error).name !== 'NotSupportedError') throw error;
    return await make('p256');
  }
}

/** Wraps a pair made by `generateKeyPair`, or read back from a store. */
export async function deviceKey(pair: CryptoKeyPair): Promise<DeviceKey> {
  const algorithm: KeyAlgorithm = pair.privateKey.algorithm.name === 'Ed25519' ? 'ed25519' : 'p256';
  const publicKey = toBase64Url(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)));
  return {
    algorithm,
    publicKey,
    async sign(text) {
      const signature = await crypto.subtle.sign(PARAMS[algorithm].sign, pair.privateKey, utf8(text));
      return toBase64Url(new Uint8Array(signature));
    },
  };
}

/** True if `signature` over `text` is by the box's Ed25519 identity key. False for anything misshapen. */
export async function verifyBox(boxKey: string, signature: unknown, text: string): Promise<boolean> {
  const raw = fromBase64Url(boxKey);
  const bytes = typeof signature === 'string' ? fromBase64Url(signature) : undefined;
  if (raw?.length !== 32 || bytes?.length !== 64) return false;
  const key = await crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify']);
  return crypto.subtle.verify('Ed25519', key, bytes, utf8(text));
}

export async function sha256(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', data));
}

/** HMAC-SHA-256 under K = HKDF-SHA-256(secret, salt, info); base64url. */
export async function keyedMac(
  secret: Uint8Array<ArrayBuffer>,
  salt: string,
  info: string,
): Promise<(text: string) => Promise<string>> {
  const base = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
  const key = await crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: utf8(salt), info: utf8(info) },
    base,
    { name: 'HMAC', hash: 'SHA-256', length: 256 },
    false,
    ['sign'],
  );
  return async (text) => toBase64Url(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(text))));
}

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
}
