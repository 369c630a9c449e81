import { canonicalJson } from '../common/index.ts';
import type { Challenge, Connect, Renew } from './session-frames.ts';

/** The box asks for a renewal this long before the end of a session. */
export const RENEW_BEFORE_MS = 60_000;

/*
 * The texts that are signed while a socket is opened or renewed, computed alike by box and client. Each names its
 * purpose, so a signature made for one step proves nothing in another.
 */

/** `origin` is the HTTP Origin of a browser, null for everything else; the box uses the header it saw. */
export function connectText(origin: string | null, challenge: Challenge, connect: Omit<Connect, 'signature'>): string {
  const { protocol, client, deviceId, clientNonce, requestedScopes, spki, locale, seenAuditHead } = connect;
  const said = { protocol, client, deviceId, clientNonce, requestedScopes, spki, locale, seenAuditHead };
  return canonicalJson({ purpose: 'jingu-connect/1', origin, challenge, connect: said });
}

export function renewText(
  origin: string | null,
  challenge: Challenge,
  deviceId: string,
  renew: Omit<Renew, 'signature'>,
): string {
  const { clientNonce, spki } = renew;
  return canonicalJson({ purpose: 'jingu-renew/1', origin, challenge, deviceId, clientNonce, spki });
}

/** What the box signs back: both nonces, the connection and its own TLS key, so a relay with another key is seen. */
export function helloText(challenge: Challenge, clientNonce: string, deviceId: string, spki: string): string {
  const { boxId, connId, nonce } = challenge;
  return canonicalJson({ purpose: 'jingu-hello/1', boxId, connId, nonce, clientNonce, deviceId, spki });
}
