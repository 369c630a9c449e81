import type { Locale } from '../common/index.ts';
import { randomToken } from '../common/index.ts';
import {
  type Challenge,
  type Connect,
  connectText,
  type Hello,
  helloText,
  PROTOCOL_RANGE,
  type Renew,
  renewText,
} from '../protocol/index.ts';
import type { Handshake } from './connection.ts';
import { localError } from './errors.ts';
import { type DeviceKey, verifyBox } from './keys.ts';
import type { PairedBox } from './paired-box.ts';
import type { SeenTls } from './transport.ts';

export interface AppInfo {
  id: string;
  version: string;
  platform: string;
}

export interface HandshakeOptions {
  box: PairedBox;
  key: DeviceKey;
  app: AppInfo;
  locale: Locale;
  /** The page's own origin in a browser, null elsewhere: the box signs over the `Origin` header it saw. */
  origin: string | null;
  requestedScopes?: string[];
  /** Protocol numbers to offer; what this build speaks if left out. */
  protocol?: [min: number, max: number];
  /** Newest checkpoint this device keeps, told to the box at each connection. */
  seenAuditHead?: () => Promise<{ size: number; root: string } | undefined>;
}

/**
 * Opens and renews sessions of a paired box. The signature covers the challenge and everything said, as canonical JSON.
 * The box proves itself by its identity key over both nonces, the connection and its TLS key: as seen by a native
 * client, so a relay with another certificate fails; a browser sees none and compares the one it was paired with.
 */
export function deviceHandshake(options: HandshakeOptions): Handshake<Hello> {
  const { box, key, origin } = options;
  const spkiOf = (seen: SeenTls) => seen.spki ?? box.spki;

  async function assertBox(
    challenge: Challenge,
    clientNonce: string,
    signature: unknown,
    seen: SeenTls,
  ): Promise<void> {
    const text = helloText(challenge, clientNonce, box.deviceId, spkiOf(seen));
    if (!(await verifyBox(box.boxKey, signature, text))) {
      throw localError(
        'CLIENT_BOX_MISMATCH',
        { reason: 'its signature is not by the key of the paired box' },
        options.locale,
      );
    }
  }

  return {
    async connect(raw, seen) {
      const challenge = raw as unknown as Challenge;
      if (challenge.boxId !== box.boxId) {
        throw localError(
          'CLIENT_BOX_MISMATCH',
          { reason: `it calls itself ${String(challenge.boxId)}` },
          options.locale,
        );
      }
      const seenAuditHead = await options.seenAuditHead?.();
      const said: Omit<Connect, 'signature'> = {
        protocol: options.protocol ?? [...PROTOCOL_RANGE],
        client: options.app,
        deviceId: box.deviceId,
        clientNonce: randomToken(32),
        requestedScopes: options.requestedScopes ?? [],
        spki: spkiOf(seen),
        locale: options.locale,
        ...(seenAuditHead ? { seenAuditHead } : {}),
      };
      return { ...said, signature: await key.sign(connectText(origin, challenge, said)) };
    },

    async verify(raw, connect, result, seen) {
      const hello = result as Hello;
      await assertBox(raw as unknown as Challenge, (connect as Connect).clientNonce, hello.session?.signature, seen);
      return hello;
    },

    async renew(raw, seen) {
      const challenge = raw as unknown as Challenge;
      const said: Omit<Renew, 'signature'> = { clientNonce: randomToken(32), spki: spkiOf(seen) };
      const signature = await key.sign(renewText(origin, challenge, box.deviceId, said));
      return {
        params: { ...said, signature },
        check: (answer) => assertBox(challenge, said.clientNonce, (answer as { signature?: unknown }).signature, seen),
      };
    },
  };
}
