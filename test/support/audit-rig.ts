import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportPages } from '../../src/audit/export.ts';
import { AuditLog, auditMigrations, ExportVerifier, type NoteSigner } from '../../src/audit/index.ts';
import { type Clock, silentLogger } from '../../src/common/index.ts';
import { Store } from '../../src/store/index.ts';

export interface AuditRig {
  directory: string;
  store: Store;
  audit: AuditLog;
  key: NoteSigner;
  /** Appends `n` records in one transaction. */
  fill(n: number): Promise<void>;
  lines(from?: number, to?: number): string[];
  close(): Promise<void>;
}

export const ORIGIN = 'jingu/test-box';

export function newKey(): NoteSigner {
  return signerOf(generateKeyPairSync('ed25519').privateKey);
}

export function signerOf(privateKey: KeyObject): NoteSigner {
  const raw = Buffer.from(String(createPublicKey(privateKey).export({ format: 'jwk' }).x), 'base64url');
  return { publicKey: new Uint8Array(raw), sign: (message) => sign(null, message, privateKey) };
}

/** An audit log on a real store in a folder of its own. */
export async function auditRig(
  clock: Clock,
  options: { directory?: string; key?: NoteSigner } = {},
): Promise<AuditRig> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'jingu-audit-'));
  const key = options.key ?? newKey();
  const store = new Store({ directory, migrations: auditMigrations, log: silentLogger });
  const audit = new AuditLog({ db: store, clock, log: silentLogger, key, origin: ORIGIN });
  try {
    await audit.start();
  } catch (error) {
    await store.close();
    throw error;
  }
  return {
    directory,
    store,
    audit,
    key,
    fill: (n) =>
      store.write((tx) => {
        const size = audit.size();
        for (let i = 0; i < n; i++)
          audit.append(tx, { type: 'call', actor: null, body: { callId: `call_${size + i}`, i } });
      }),
    lines: (from = 1, to = audit.size()) => [...exportPages(store, ORIGIN, from, to)].flat(),
    close: async () => {
      await audit.stop();
      await store.close();
      if (!options.directory) rmSync(directory, { recursive: true, force: true });
    },
  };
}

export function verifyLines(lines: readonly string[], keys: string[] = [], notes: string[] = []) {
  const verifier = new ExportVerifier(keys, notes);
  for (const line of lines) verifier.line(line);
  return verifier.end();
}
