/** What a device keeps of a box it was paired with, beside its own key. Nothing in it is secret. */
export interface PairedBox {
  boxId: string;
  /** Ed25519 identity key of the box, base64url: proves every `hello`. */
  boxKey: string;
  /** SHA-256 of the TLS key at pairing. A native client sees the present one; a browser can only repeat this. */
  spki: string;
  /** `https://<host>:<port>`, most useful first. */
  origins: string[];
  deviceId: string;
  personId: string;
  personName: string;
  roles: string[];
}
