/** What the TLS layer saw of the box. A browser can read neither. */
export interface SeenTls {
  /** SHA-256 of the SubjectPublicKeyInfo, base64url. */
  spki: string | null;
  /** TLS exporter value (RFC 5705, label in the session schema), base64url. */
  exporter: string | null;
}

export interface SocketHandlers {
  open(seen: SeenTls): void;
  message(text: string): void;
  /** Once, also when opening failed. `code` 1006 where the peer sent none. Nothing follows it. */
  closed(code: number, reason: string): void;
}

export interface Socket {
  send(text: string): void;
  /** `closed` follows, at once or after the peer's answer. Harmless when called twice. */
  close(code?: number, reason?: string): void;
}

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT';
  headers?: Record<string, string>;
  body?: string | Blob;
  signal?: AbortSignal;
  /** A native transport refuses any other TLS key (SHA-256 of the SPKI), with CLIENT_BOX_MISMATCH, before it sends. */
  pin?: string;
}

export interface HttpAnswer {
  status: number;
  body: string;
  seen: SeenTls;
}

/** The network as a port: a browser's, Node's with a pinned key, or a scripted one in tests. */
export interface Transport {
  openSocket(url: string, protocol: string, handlers: SocketHandlers): Socket;
  /** Rejects only where no answer came; any HTTP status resolves. */
  request(url: string, request: HttpRequest): Promise<HttpAnswer>;
}
