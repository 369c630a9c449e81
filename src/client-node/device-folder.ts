import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type DeviceKey,
  deviceKey,
  generateKeyPair,
  type KeptHead,
  type PairedBox,
  type WitnessStore,
} from '../client/index.ts';

interface KeyFile {
  algorithm: 'Ed25519';
  /** PKCS #8 and SubjectPublicKeyInfo, base64. */
  private: string;
  public: string;
}

/**
 * What a program keeps of one box: its device key, the box it was paired with and the newest checkpoint it witnessed.
 * A folder of mode 0700 with files of mode 0600, each replaced as a whole.
 */
export class DeviceFolder implements WitnessStore {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The key of this folder; made at the first call. */
  async key(): Promise<DeviceKey> {
    const kept = this.#read<KeyFile>('key.json');
    if (kept) {
      const usages: ['sign'] = ['sign'];
      const [privateKey, publicKey] = await Promise.all([
        crypto.subtle.importKey('pkcs8', Buffer.from(kept.private, 'base64'), 'Ed25519', false, usages),
        crypto.subtle.importKey('spki', Buffer.from(kept.public, 'base64'), 'Ed25519', true, ['verify']),
      ]);
      return await deviceKey({ privateKey, publicKey });
    }
    const pair = await generateKeyPair({ extractable: true });
    const exported = async (format: 'pkcs8' | 'spki', key: CryptoKey) =>
      Buffer.from(await crypto.subtle.exportKey(format, key)).toString('base64');
    this.#write('key.json', {
      algorithm: 'Ed25519',
      private: await exported('pkcs8', pair.privateKey),
      public: await exported('spki', pair.publicKey),
    } satisfies KeyFile);
    return await deviceKey(pair);
  }

  box(): PairedBox | undefined {
    return this.#read<PairedBox>('box.json');
  }

  saveBox(box: PairedBox): void {
    this.#write('box.json', box);
  }

  async load(): Promise<KeptHead | undefined> {
    return this.#read<KeptHead>('head.json');
  }

  async save(kept: KeptHead): Promise<void> {
    this.#write('head.json', kept);
  }

  #read<T>(name: string): T | undefined {
    try {
      return JSON.parse(readFileSync(join(this.path, name), 'utf8')) as T;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  #write(name: string, value: unknown): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    const file = join(this.path, name);
    writeFileSync(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
    chmodSync(`${file}.new`, 0o600);
    renameSync(`${file}.new`, file);
  }
}
