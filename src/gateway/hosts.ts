/**
 * Exact `Host` and `Origin` lists, checked on every request and every upgrade, loopback included: that is what stops
 * DNS rebinding and hostile pages (CVE-2026-25253 took its server address from a query parameter).
 */
export class HostList {
  readonly #hosts: Set<string>;

  /** `names` without port; each is allowed with `port` (and bare, where the port is the default one). */
  constructor(names: Iterable<string>, port: number) {
    this.#hosts = new Set();
    for (const name of names) {
      const host = name.includes(':') ? `[${name.toLowerCase()}]` : name.toLowerCase();
      this.#hosts.add(`${host}:${port}`);
      if (port === 443) this.#hosts.add(host);
    }
  }

  allowsHost(host: string | undefined): host is string {
    return host !== undefined && this.#hosts.has(host.toLowerCase());
  }

  /** No Origin is fine (programs send none and must prove themselves anyway); `null` and strangers are not. */
  allowsOrigin(origin: string | undefined): boolean {
    if (origin === undefined) return true;
    if (!origin.startsWith('https://')) return false;
    const rest = origin.slice('https://'.length).toLowerCase();
    return this.#hosts.has(rest);
  }

  list(): string[] {
    return [...this.#hosts];
  }
}
