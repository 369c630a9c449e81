import { fail } from '../common/index.ts';

/** Where one dial goes. `path` includes the query. */
export interface Target {
  host: string;
  port: number;
  path: string;
}

/**
 * One spelling and one only. The WHATWG parser is far too kind for this: it takes `\\`, tabs, `0x7f.1`, `①②⑦.0.0.1`
 * and userinfo and gives something that looks clean, so the raw text is matched first and the parser must then agree.
 */
const SHAPE =
  /^https:\/\/([a-z0-9.-]{1,253})(?::([1-9]\d{0,4}))?(\/[\x21\x24-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]*)?$/;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** Names that mean this machine or this network (RFC 6761, RFC 6762, RFC 8375 and what routers use). */
const LOCAL =
  /(?:^|\.)(?:localhost|local|localdomain|internal|intranet|lan|home|corp|private|test|invalid|onion|arpa)$/;
const MAX_LENGTH = 4096;

/** Throws EGRESS_URL_REFUSED with the reason. A fragment, an IP address and a single-label name are refused too. */
export function parseTarget(url: string): Target {
  if (url.length > MAX_LENGTH) refuse('it is too long');
  const match = SHAPE.exec(url);
  if (!match) return refuse('only plain https addresses with a lower-case host name are taken');
  const host = match[1]!;
  const port = match[2] === undefined ? 443 : Number(match[2]);
  if (port > 65_535) refuse('there is no such port');
  checkHost(host);
  const parsed = new URL(url);
  if (parsed.hostname !== host || Number(parsed.port || 443) !== port) refuse('its spelling is not the normal one');
  // Dot segments and the like are resolved here, before the decision and the ticket, and not once more later.
  return { host, port, path: `${parsed.pathname}${parsed.search}` };
}

/** The same rules for a host name alone, as a ticket carries it. */
export function checkHost(host: string): void {
  if (host.length > 253) refuse('the host name is too long');
  const labels = host.split('.');
  if (labels.length < 2) refuse('the host name has one part only');
  if (!labels.every((label) => LABEL.test(label))) refuse('the host name is not a proper one');
  // A last part that starts with a digit is an IP address in one of its spellings, never a name (RFC 3696).
  if (/^\d/.test(labels.at(-1)!)) refuse('it is an address, not a name');
  if (LOCAL.test(host)) refuse('the name is local');
}

/** Where a redirect leads, by the same rules. */
export function parseRedirect(from: Target, location: string): Target {
  const base = `https://${from.host}${from.port === 443 ? '' : `:${from.port}`}${from.path}`;
  // An absolute one is judged as it is written; only a relative one is resolved.
  if (!location.startsWith('/') || location.startsWith('//')) return parseTarget(location);
  return parseTarget(new URL(location, base).href);
}

function refuse(reason: string): never {
  throw fail('EGRESS_URL_REFUSED', { reason });
}
