import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fail, type Logger, toBase64Url } from '../common/index.ts';
import { boxIdFromHash } from '../protocol/index.ts';
import { writeSecretFile } from './durable-file.ts';

/** A key that signs for the box; the private half never leaves this object. */
export class SigningKey {
  /** Raw 32 bytes of the Ed25519 public key. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly #privateKey: KeyObject;

  constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
    const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
    this.publicKey = new Uint8Array(Buffer.from(String(x), 'base64url'));
  }

  /** 64 bytes, deterministic (RFC 8032). */
  sign(message: Uint8Array | string): Uint8Array {
    return sign(null, typeof message === 'string' ? Buffer.from(message) : message, this.#privateKey);
  }
}

/**
 * The private keys of the box, one PEM file each, mode 0600. A file that cannot be read is an error and never replaced:
 * a new identity key would be another box to every paired device.
 */
export class KeyFolder {
  readonly path: string;
  /** Proves to paired devices that this is their box. */
  readonly identity: SigningKey;
  /** Signs audit checkpoints; never used for TLS or pairing. */
  readonly audit: SigningKey;
  /** `box_` and 26 base32 characters: 130 bits of SHA-256 over the identity public key. */
  readonly boxId: string;

  private constructor(path: string, identity: SigningKey, audit: SigningKey) {
    this.path = path;
    this.identity = identity;
    this.audit = audit;
    this.boxId = boxIdFromHash(createHash('sha256').update(identity.publicKey).digest());
  }

  /** Opens the folder and makes the missing keys. Throws KEY_FILE_BROKEN naming the file. */
  static open(path: string, log: Logger): KeyFolder {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(path)) {
      // What a crash in the middle of a write left behind holds a key nobody uses.
      if (name.endsWith('.tmp')) rmSync(join(path, name));
    }
    const open = (name: string) => new SigningKey(loadOrMakeKey(path, name, 'ed25519', log));
    return new KeyFolder(path, open('identity.key'), open('audit.key'));
  }

  get identityPublicKey(): string {
    return toBase64Url(this.identity.publicKey);
  }
}

export function loadOrMakeKey(folder: string, name: string, type: 'ed25519' | 'p256', log: Logger): KeyObject {
  const path = join(folder, name);
  if (!existsSync(path)) {
    const { privateKey } =
      type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeSecretFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
    log.info({ file: name }, 'key-made');
    return privateKey;
  }
  tightenMode(path, name, log);
  return parsePrivateKey(readFileSync(path, 'utf8'), name, type);
}

/** Throws KEY_FILE_BROKEN when the text is not a private key of that type. */
export function parsePrivateKey(pem: string, name: string, type: 'ed25519' | 'p256'): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw fail('KEY_FILE_BROKEN', { file: name, reason: 'it holds no private key' }, cause);
  }
  const isRight =
    type === 'ed25519'
      ? key.asymmetricKeyType === 'ed25519'
      : key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  if (!isRight) throw fail('KEY_FILE_BROKEN', { file: name, reason: `it holds no ${type} key` });
  return key;
}

/** A copy or a restore may have widened the mode; narrow it again and say so. */
export function tightenMode(path: string, name: string, log: Logger): void {
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) === 0) return;
  chmodSync(path, 0o600);
  log.warn({ file: name, mode: mode.toString(8) }, 'key-file-was-open-to-others');
}
