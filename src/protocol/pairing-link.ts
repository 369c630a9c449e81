/** What a pairing link carries. The same fields ride in `jingu://p?...` and after the `#` of the page `/pair`. */
export interface PairingLink {
  boxId: string;
  /** `host:port`, most useful first; IPv6 in brackets. */
  addresses: string[];
  /** SHA-256 of the box's TLS SubjectPublicKeyInfo, base64url. */
  spki: string;
  pairingId: string;
  /** 16 bytes, base64url. */
  secret: string;
  /** Wall-clock milliseconds of the box: a hint for the screen; the box alone decides. */
  exp: number;
}

/** For native clients. */
export function formatPairingLink(link: PairingLink): string {
  return `jingu://p?${linkFields(link)}`;
}

/** For a phone's camera: a fragment reaches no server and no log. `origin` is `https://<name>[:port]`. */
export function formatPairingPage(origin: string, link: PairingLink): string {
  return `${origin}/pair#${linkFields(link)}`;
}

/** Reads either form, or the bare fields; `undefined` when anything is missing, doubled or misshapen. */
export function parsePairingLink(text: string): PairingLink | undefined {
  const start = text.startsWith('jingu://p?') ? text.indexOf('?') : text.indexOf('#');
  const fields = new URLSearchParams(text.slice(start + 1).trim());
  for (const name of ['v', 'b', 'a', 'k', 'i', 's', 'e']) if (fields.getAll(name).length !== 1) return undefined;
  const read = (name: string) => fields.get(name) ?? '';
  const link: PairingLink = {
    boxId: read('b'),
    addresses: read('a').split(',').filter(Boolean),
    spki: read('k'),
    pairingId: read('i'),
    secret: read('s'),
    exp: Number(read('e')),
  };
  const isWhole =
    read('v') === '1' &&
    /^box_[0-9a-z]{26}$/.test(link.boxId) &&
    link.addresses.every((address) => /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/.test(address)) &&
    /^[A-Za-z0-9_-]{43}$/.test(link.spki) &&
    /^pair_[0-9a-z]{26}$/.test(link.pairingId) &&
    /^[A-Za-z0-9_-]{22}$/.test(link.secret) &&
    Number.isSafeInteger(link.exp);
  return isWhole ? link : undefined;
}

function linkFields(link: PairingLink): string {
  const { boxId, addresses, spki, pairingId, secret, exp } = link;
  return `v=1&b=${boxId}&a=${addresses.join(',')}&k=${spki}&i=${pairingId}&s=${secret}&e=${exp}`;
}
