import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type DeviceKey,
  deviceHandshake,
  deviceKey,
  generateKeyPair,
  type PairedBox,
} from '../../../src/client/index.ts';
import { newId, randomToken } from '../../../src/common/index.ts';
import {
  type Challenge,
  type Connect,
  connectText,
  helloText,
  type Renew,
  renewText,
} from '../../../src/protocol/index.ts';
import { BoxKey } from './key-box.ts';

const app = { id: 'test', version: '1', platform: 'none' };
const seen = { spki: randomToken(32), exporter: null };
const unseen = { spki: null, exporter: null };

async function rig(origin: string | null = null) {
  const boxKey = new BoxKey();
  const key = await deviceKey(await generateKeyPair());
  const box: PairedBox = {
    boxId: boxKey.boxId,
    boxKey: boxKey.publicKey,
    spki: seen.spki,
    origins: ['https://box.test'],
    deviceId: newId('dev'),
    personId: newId('per'),
    personName: 'W',
    roles: ['member'],
  };
  const challenge: Challenge = {
    connId: newId('con'),
    boxId: boxKey.boxId,
    nonce: randomToken(32),
    protocol: [1, 1],
    limits: { frameBytes: 65_536, answerMs: 10_000 },
  };
  return { boxKey, key, box, challenge, handshake: deviceHandshake({ box, key, app, locale: 'zh', origin }) };
}

function isBy(key: DeviceKey, signature: string, text: string): boolean {
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key.publicKey }, format: 'jwk' });
  return verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64url'));
}

describe('the signed opening of a socket', () => {
  it('signs the challenge and everything it says, with the TLS key it saw', async () => {
    const { key, box, challenge, handshake } = await rig('https://box.test');
    const connect = (await handshake.connect(challenge, seen)) as Connect;
    expect(connect).toMatchObject({ deviceId: box.deviceId, spki: seen.spki, locale: 'zh', client: app });
    expect(isBy(key, connect.signature, connectText('https://box.test', challenge, connect))).toBe(true);
    expect(isBy(key, connect.signature, connectText(null, challenge, connect))).toBe(false);
  });

  it('takes a hello that the paired key signed over the key that was seen', async () => {
    const { boxKey, box, challenge, handshake } = await rig();
    const connect = (await handshake.connect(challenge, seen)) as Connect;
    const signature = boxKey.sign(helloText(challenge, connect.clientNonce, box.deviceId, seen.spki));
    const hello = { session: { sessionId: 'ses_1', expiresInMs: 600_000, signature } };
    expect(await handshake.verify(challenge, connect, hello, seen)).toBe(hello);
  });

  it('refuses a relay with another certificate, another key, an old nonce or no signature', async () => {
    const { boxKey, box, challenge, handshake } = await rig();
    const connect = (await handshake.connect(challenge, seen)) as Connect;
    const good = helloText(challenge, connect.clientNonce, box.deviceId, seen.spki);
    const relayed = helloText(challenge, connect.clientNonce, box.deviceId, randomToken(32));
    const replayed = helloText({ ...challenge, nonce: randomToken(32) }, connect.clientNonce, box.deviceId, seen.spki);
    for (const signature of [boxKey.sign(relayed), boxKey.sign(replayed), new BoxKey().sign(good), '', undefined]) {
      const hello = { session: { sessionId: 'ses_1', expiresInMs: 1, signature } };
      await expect(handshake.verify(challenge, connect, hello, seen)).rejects.toMatchObject({
        code: 'CLIENT_BOX_MISMATCH',
      });
    }
    await expect(handshake.connect({ ...challenge, boxId: new BoxKey().boxId }, seen)).rejects.toMatchObject({
      code: 'CLIENT_BOX_MISMATCH',
    });
  });

  it('follows a certificate that changed under the same identity key, and in a browser repeats the pinned one', async () => {
    const { boxKey, box, challenge, handshake } = await rig();
    const renewed = { spki: randomToken(32), exporter: null };
    const connect = (await handshake.connect(challenge, renewed)) as Connect;
    const signature = boxKey.sign(helloText(challenge, connect.clientNonce, box.deviceId, renewed.spki));
    await expect(handshake.verify(challenge, connect, { session: { signature } }, renewed)).resolves.toBeDefined();
    expect(await handshake.connect(challenge, unseen)).toMatchObject({ spki: box.spki });
  });

  it('renews with its own purpose, and checks the box again', async () => {
    const { boxKey, key, box, challenge, handshake } = await rig();
    const { params, check } = await handshake.renew(challenge, seen);
    const renew = params as Renew;
    expect(isBy(key, renew.signature, renewText(null, challenge, box.deviceId, renew))).toBe(true);
    await check({ signature: boxKey.sign(helloText(challenge, renew.clientNonce, box.deviceId, seen.spki)) });
    await expect(check({ signature: new BoxKey().sign('x') })).rejects.toMatchObject({ code: 'CLIENT_BOX_MISMATCH' });
  });
});
