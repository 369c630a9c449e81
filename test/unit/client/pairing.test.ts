import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { deviceKey, generateKeyPair, pairFromLink, readPairingLink } from '../../../src/client/index.ts';
import { systemClock } from '../../../src/common/index.ts';
import { checkNumber, formatPairingLink, formatPairingPage } from '../../../src/protocol/index.ts';
import { BoxKey, type Lies, PairingServer } from './key-box.ts';

async function pair(server: PairingServer, browser = false) {
  const digits: string[] = [];
  const key = await deviceKey(await generateKeyPair());
  const box = await pairFromLink(server.link, {
    transport: server,
    clock: systemClock,
    key,
    device: { name: 'Phone', model: 'test', platform: 'none' },
    ...(browser ? { origin: 'https://box.test:7443' } : {}),
    onCheckNumber: (six) => digits.push(six),
  });
  return { box, digits };
}

describe('pairing', () => {
  it('by a link tries its addresses, shows the same six digits as the box, and keeps what proves the box later', async () => {
    const server = new PairingServer();
    const { box, digits } = await pair(server);
    expect(box).toMatchObject({
      boxId: server.key.boxId,
      boxKey: server.key.publicKey,
      spki: server.spki,
      origins: ['https://box.test:7443', 'https://dead.test:1'],
      personName: '王芳',
    });
    expect(digits).toEqual([checkNumber(createHash('sha256').update(server.transcript).digest())]);
    expect(JSON.parse(server.transcript)).toMatchObject({ spki: server.spki, proto: 'jingu-pair/1' });
  });

  it('in a browser says that it cannot see the TLS key, and uses the origin of its page only', async () => {
    const server = new PairingServer();
    const { box } = await pair(server, true);
    expect(JSON.parse(server.transcript)).toMatchObject({ spki: null });
    expect(box.origins).toEqual(['https://box.test:7443']);
  });

  it.each<[string, () => Lies, string]>([
    ['whose key is not the one of the link', () => ({ boxKey: new BoxKey() }), 'CLIENT_BOX_MISMATCH'],
    ['that does not know the secret', () => ({ secret: 'AAAAAAAAAAAAAAAAAAAAAA' }), 'CLIENT_BOX_MISMATCH'],
    ['that signs with another key', () => ({ signer: new BoxKey() }), 'CLIENT_BOX_MISMATCH'],
    ['whose grant is signed by another key', () => ({ grantSigner: new BoxKey() }), 'CLIENT_BOX_MISMATCH'],
    ['whose grant is for another box', () => ({ grantFor: new BoxKey().boxId }), 'CLIENT_BOX_MISMATCH'],
    ['that closed the window', () => ({ state: 'closed' }), 'CLIENT_LINK_INVALID'],
  ])('with a box %s is refused', async (_what, lies, code) => {
    const server = new PairingServer();
    server.lies = lies();
    await expect(pair(server)).rejects.toMatchObject({ code });
    if (server.lies.boxKey) expect(server.asked).toEqual(['/api/pair/begin']);
  });

  it('reads both carriers of a link and refuses what is not one', () => {
    const { link } = new PairingServer();
    expect(readPairingLink(formatPairingLink(link))).toEqual(link);
    expect(readPairingLink(formatPairingPage('https://box.test:7443', link))).toEqual(link);
    for (const bad of [
      '',
      'https://box.test/pair#v=1',
      formatPairingLink({ ...link, secret: 'short' }),
      `${formatPairingLink(link)}&s=x`,
    ]) {
      expect(() => readPairingLink(bad)).toThrow(expect.objectContaining({ code: 'CLIENT_LINK_INVALID' }));
    }
  });

  it('makes keys that cannot be taken out, on either curve', async () => {
    const pair = await generateKeyPair();
    expect(pair.privateKey.extractable).toBe(false);
    expect((await deviceKey(pair)).algorithm).toBe('ed25519');
    const p256 = (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
      'sign',
      'verify',
    ])) as CryptoKeyPair;
    const key = await deviceKey(p256);
    expect(key.algorithm).toBe('p256');
    expect(Buffer.from(key.publicKey, 'base64url')).toHaveLength(65);
    expect(Buffer.from(await key.sign('x'), 'base64url')).toHaveLength(64);
  });
});
