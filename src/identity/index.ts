export { KeyFolder, type SigningKey } from './key-folder.ts';
export { spkiSha256, TlsIdentity, type TlsIdentityOptions, type TlsMaterial } from './tls-identity.ts';
