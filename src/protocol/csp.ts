/**
 * The page's Content-Security-Policy, sent by the gateway with every HTML answer and pinned by a test.
 * `connect-src` names the socket's origin too: older Safari does not count `wss:` under `'self'`.
 * No Trusted Types policy is allowed at all: the app never writes HTML, so nothing needs to make it.
 *
 * @param host the request's own `Host`, already on the allow-list (never echoed unchecked).
 */
export function contentSecurityPolicy(host: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    `connect-src 'self' wss://${host}`,
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

/** Sent with every HTML answer beside the policy above. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), midi=(), payment=(), usb=()',
};
