import { type Clock, fromBase64Url, randomToken, toBase64Url } from '../common/index.ts';
import {
  boxIdFromHash,
  boxTranscript,
  checkNumber,
  grantText,
  PAIR_KEY_INFO,
  PATHS,
  type PairBegun,
  type PairGrant,
  type PairingLink,
  type PairProven,
  type PairStatusAnswer,
  pairStatusText,
  pairTranscript,
  parsePairingLink,
} from '../protocol/index.ts';
import { CallError, localError } from './errors.ts';
import { type DeviceKey, keyedMac, sha256, utf8, verifyBox } from './keys.ts';
import type { PairedBox } from './paired-box.ts';
import { askBox } from './rest.ts';
import type { HttpRequest, Transport } from './transport.ts';

export interface PairOptions {
  transport: Transport;
  clock: Clock;
  key: DeviceKey;
  /** Shown to the administrator. */
  device: { name: string; model: string; platform: string };
  requestedRole?: string;
  /** In a browser the page's own origin, which then is the only one. Left out: the addresses of the link. */
  origin?: string;
  /** Six digits to compare with the other screen, before the administrator confirms. */
  onCheckNumber?: (digits: string) => void;
  signal?: AbortSignal;
}

/** How long one question "was it confirmed?" may be held by the box. */
const STATUS_WAIT_MS = 20_000;
const STATUS_FAILURES = 10;

/** Reads a pairing link in either form. @throws CLIENT_LINK_INVALID */
export function readPairingLink(text: string): PairingLink {
  const link = parsePairingLink(text);
  if (!link) throw localError('CLIENT_LINK_INVALID', { reason: 'fields are missing or misshapen' });
  return link;
}

/**
 * Pairs this device by a link: begins, proves the secret, checks that the box knows it too and holds the key of the
 * link, shows the six digits, and waits until a person at the box confirms or the window closes.
 * The same key may repeat every step until the window ends. @throws CallError
 */
export async function pairFromLink(link: PairingLink, options: PairOptions): Promise<PairedBox> {
  const { key } = options;
  const secret = fromBase64Url(link.secret);
  if (!secret) throw localError('CLIENT_LINK_INVALID', { reason: 'secret' });
  const nonceText = randomToken(32);
  const nonce = fromBase64Url(nonceText)!;
  const nonceHash = toBase64Url(await sha256(nonce));
  const { origin, begun, seen } = await begin(link, nonceHash, options);
  await assertBoxKey(link, begun);

  const transcript = pairTranscript({
    boxId: link.boxId,
    spki: seen,
    pairingId: link.pairingId,
    clientNonce: nonceText,
    boxNonce: begun.boxNonce,
    devicePub: key.publicKey,
    keyAlg: key.algorithm,
    requestedRole: options.requestedRole ?? null,
  });
  const mac = await keyedMac(secret, link.pairingId, PAIR_KEY_INFO);
  const proof = {
    pairingId: link.pairingId,
    devicePub: key.publicKey,
    nonce: nonceText,
    proof: await mac(transcript),
    signature: await key.sign(transcript),
  };
  const proven = (await post(options, origin, PATHS.pairProve, proof, link.spki)) as PairProven;
  const knowsSecret = proven.proof === (await mac(boxTranscript(transcript)));
  if (!knowsSecret || !(await verifyBox(begun.boxKey, proven.signature, boxTranscript(transcript)))) {
    throw localError('CLIENT_BOX_MISMATCH', { reason: 'it does not know the secret of the link' });
  }
  options.onCheckNumber?.(checkNumber(await sha256(utf8(transcript))));

  const grant = await waitForGrant(link, begun.boxKey, origin, options);
  const { deviceId, personId, personName, roles } = grant;
  const origins = [origin, ...originsOf(link, options).filter((one) => one !== origin)];
  return { boxId: link.boxId, boxKey: begun.boxKey, spki: link.spki, origins, deviceId, personId, personName, roles };
}

/** Addresses of the link are tried in turn; an answer of the box, good or bad, ends the search. */
async function begin(
  link: PairingLink,
  nonceHash: string,
  options: PairOptions,
): Promise<{ origin: string; begun: PairBegun; seen: string | null }> {
  const { key, device } = options;
  let failure: unknown = localError('CLIENT_OFFLINE');
  for (const origin of originsOf(link, options)) {
    try {
      const begun = (await post(
        options,
        origin,
        PATHS.pairBegin,
        {
          pairingId: link.pairingId,
          devicePub: key.publicKey,
          keyAlg: key.algorithm,
          nonceHash,
          spki: options.origin === undefined ? link.spki : null,
          ...device,
          requestedRole: options.requestedRole ?? null,
        },
        link.spki,
      )) as PairBegun;
      return { origin, begun, seen: options.origin === undefined ? link.spki : null };
    } catch (error) {
      if (!(error instanceof CallError) || error.code !== 'CLIENT_OFFLINE') throw error;
      failure = error;
    }
  }
  throw failure;
}

function originsOf(link: PairingLink, options: PairOptions): string[] {
  return options.origin === undefined ? link.addresses.map((address) => `https://${address}`) : [options.origin];
}

async function assertBoxKey(link: PairingLink, begun: PairBegun): Promise<void> {
  const raw = fromBase64Url(begun.boxKey);
  if (raw && begun.boxId === link.boxId && boxIdFromHash(await sha256(raw)) === link.boxId) return;
  throw localError('CLIENT_BOX_MISMATCH', { reason: 'its key is not the one of the link' });
}

async function waitForGrant(
  link: PairingLink,
  boxKey: string,
  origin: string,
  options: PairOptions,
): Promise<PairGrant> {
  const { key, clock } = options;
  const { boxId, pairingId } = link;
  const signature = await key.sign(pairStatusText(boxId, pairingId, key.publicKey));
  let failures = 0;
  for (;;) {
    options.signal?.throwIfAborted();
    let answer: PairStatusAnswer;
    try {
      const ask = { pairingId, devicePub: key.publicKey, signature, waitMs: STATUS_WAIT_MS };
      answer = (await post(options, origin, PATHS.pairStatus, ask, link.spki)) as PairStatusAnswer;
      failures = 0;
    } catch (error) {
      // The phone slept or the box restarted: the durable row still answers afterwards.
      if (!(error instanceof CallError) || !error.wire.retryable || ++failures > STATUS_FAILURES) throw error;
      await new Promise<void>((resolve) => clock.after(1_000, resolve));
      continue;
    }
    if (answer.state === 'closed') throw localError('CLIENT_LINK_INVALID', { reason: 'the pairing window is closed' });
    if (answer.state !== 'confirmed') continue;
    const { grant, grantSignature } = answer;
    if (!grant || grant.boxId !== boxId || !(await verifyBox(boxKey, grantSignature, grantText(grant)))) {
      throw localError('CLIENT_BOX_MISMATCH', { reason: 'the grant is not signed by the box' });
    }
    return grant;
  }
}

/** `pin`: a native transport must have seen exactly this TLS key. */
function post(options: PairOptions, origin: string, path: string, body: object, pin?: string): Promise<unknown> {
  const request: HttpRequest = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(options.signal ? { signal: options.signal } : {}),
    ...(pin === undefined ? {} : { pin }),
  };
  const lost = (error: unknown) => localError('CLIENT_OFFLINE', { reason: String(error) }, 'en', error);
  return askBox(options.transport, `${origin}${path}`, request, lost);
}
