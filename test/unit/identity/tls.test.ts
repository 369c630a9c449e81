import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/common/index.ts';
import { issueLeaf } from '../../../src/identity/certificates.ts';
import { KeyFolder, spkiSha256, TlsIdentity } from '../../../src/identity/index.ts';
import { lacks } from '../../support/needs.ts';
import { VirtualClock } from './virtual-clock.ts';

const DAY = 86_400_000;
let folder: string;
let clock: VirtualClock;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jingu-keys-'));
  clock = new VirtualClock(Date.now());
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function tls(names = ['jingu.local', 'box.example.org']): TlsIdentity {
  return new TlsIdentity({ keys: KeyFolder.open(folder, silentLogger), names, clock, log: silentLogger });
}

describe('the key folder', () => {
  it('keeps the same box id over restarts, and its files are for the box only', async () => {
    const first = KeyFolder.open(folder, silentLogger);
    await tls().material();
    expect(first.boxId).toMatch(/^box_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(KeyFolder.open(folder, silentLogger).boxId).toBe(first.boxId);
    for (const name of readdirSync(folder))
      expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
    expect(Buffer.from(first.audit.publicKey).equals(first.identity.publicKey)).toBe(false);
  });

  it('never replaces a broken identity key', () => {
    KeyFolder.open(folder, silentLogger);
    writeFileSync(join(folder, 'identity.key'), 'nonsense');
    expect(() => KeyFolder.open(folder, silentLogger)).toThrow(/identity\.key cannot be used/);
    expect(readFileSync(join(folder, 'identity.key'), 'utf8')).toBe('nonsense');
    writeFileSync(
      join(folder, 'identity.key'),
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
    );
    expect(() => KeyFolder.open(folder, silentLogger)).toThrow(/no ed25519 key/);
  });

  it('narrows a file mode that a copy widened and sweeps half-written files', () => {
    KeyFolder.open(folder, silentLogger);
    chmodSync(join(folder, 'audit.key'), 0o644);
    writeFileSync(join(folder, 'identity.key.abc.tmp'), 'half');
    KeyFolder.open(folder, silentLogger);
    expect(statSync(join(folder, 'audit.key')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).not.toContain('identity.key.abc.tmp');
  });
});

describe('the certificate', () => {
  it('names the box, lasts at most 90 days and is signed by the authority of the box', async () => {
    const material = await tls().material();
    const leaf = new X509Certificate(material.cert);
    const ca = new X509Certificate(material.ca);
    expect(leaf.subjectAltName).toBe('DNS:jingu.local, DNS:box.example.org');
    expect(Date.parse(leaf.validTo) - Date.parse(leaf.validFrom)).toBeLessThanOrEqual(90 * DAY);
    expect(leaf.verify(ca.publicKey)).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(ca.ca).toBe(true);
    expect(leaf.checkPrivateKey(createPrivateKey(material.key))).toBe(true);
    expect(material.spkiSha256).toBe(spkiSha256(leaf.publicKey));
  });

  it('is renewed before it ends, with the same key, so that pins stay true', async () => {
    const identity = tls();
    const first = await identity.start();
    const seen = new Promise<string>((resolve) => identity.onRenewed((next) => resolve(next.spkiSha256)));
    // The check runs every 12 hours of monotonic time; only the wall clock decides what is due.
    clock.jump(60 * DAY);
    clock.pass(DAY / 2);
    expect(await seen).toBe(first.spkiSha256);
    const second = await identity.material();
    expect(second.cert).not.toBe(first.cert);
    expect(second.ca).toBe(first.ca);
    identity.stop();
    identity.stop();
  });

  it('stays as it is while it is good', async () => {
    const first = await tls().material();
    expect(await tls().material()).toEqual(first);
  });

  it('gets a new authority when the names change, the key staying', async () => {
    const first = await tls(['jingu.local']).material();
    const second = await tls(['office.local']).material();
    expect(second.ca).not.toBe(first.ca);
    expect(second.spkiSha256).toBe(first.spkiSha256);
    expect(new X509Certificate(second.cert).subjectAltName).toBe('DNS:office.local');
  });

  it('heals a leaf that a crash left from another authority', async () => {
    const first = await tls().material();
    rmSync(join(folder, 'tls-ca.pem'));
    const second = await tls().material();
    expect(new X509Certificate(second.cert).verify(new X509Certificate(second.ca).publicKey)).toBe(true);
    expect(second.spkiSha256).toBe(first.spkiSha256);
  });

  it.each(['10.0.0.1', 'a b.local', '', '-x.local', 'x..local'])('refuses %j as a name', (name) => {
    expect(() => tls([name])).toThrow(/not a DNS name/);
  });
});

describe.skipIf(await lacks('openssl'))('openssl agrees that the authority', () => {
  function verify(ca: string, leaf: string): { ok: boolean; said: string } {
    writeFileSync(join(folder, 'ca.crt'), ca);
    writeFileSync(join(folder, 'try.crt'), leaf);
    const run = spawnSync(
      'openssl',
      ['verify', '-x509_strict', '-CAfile', join(folder, 'ca.crt'), join(folder, 'try.crt')],
      {
        encoding: 'utf8',
      },
    );
    return { ok: run.status === 0, said: run.stdout + run.stderr };
  }

  it('vouches for the names of the box', async () => {
    const material = await tls().material();
    const leaf = material.cert.slice(0, material.cert.indexOf('-----END CERTIFICATE-----\n') + 26);
    expect(verify(material.ca, leaf)).toMatchObject({ ok: true });
    const text = execFileSync('openssl', ['x509', '-noout', '-text'], { input: material.ca, encoding: 'utf8' });
    expect(text).toMatch(/Name Constraints: critical/);
    expect(text).toMatch(/CA:TRUE, pathlen:0/);
  });

  it.each([
    ['another name', 'evil.example.com'],
    ['a name that only ends alike', 'notjingu.local'],
  ])('cannot vouch for %s', async (_, name) => {
    const material = await tls().material();
    const pem = readFileSync(join(folder, 'tls-ca.pem'), 'utf8');
    const leafKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const forged = await issueLeaf(
      { key: createPrivateKey(pem), certificate: material.ca },
      leafKey,
      [name],
      clock.now(),
    );
    const result = verify(material.ca, forged);
    expect(result.ok).toBe(false);
    expect(result.said).toMatch(/permitted subtree violation/);
  });

  it('cannot vouch for any IP address', async () => {
    const material = await tls().material();
    writeFileSync(join(folder, 'ca.crt'), material.ca);
    for (const address of ['192.168.1.7', 'fd00::7']) {
      const files = ['-CA', join(folder, 'ca.crt'), '-CAkey', join(folder, 'tls-ca.pem')];
      execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:P-256',
          '-nodes',
          '-subj',
          '/O=x',
          ...files,
          '-keyout',
          join(folder, 'x.key'),
          '-out',
          join(folder, 'ip.crt'),
          '-addext',
          `subjectAltName=IP:${address}`,
          '-addext',
          'basicConstraints=critical,CA:FALSE',
        ],
        { stdio: 'pipe' },
      );
      const result = verify(material.ca, readFileSync(join(folder, 'ip.crt'), 'utf8'));
      expect([address, result.ok]).toEqual([address, false]);
      expect(result.said).toMatch(/excluded subtree violation/);
    }
  });
});
