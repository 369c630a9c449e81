import type { Gateway } from '../gateway/index.ts';
import type { Capabilities } from './capabilities.ts';
import type { Trust } from './trust.ts';

/** The rooms of a running box. */
export interface Parts extends Trust, Capabilities {
  gateway: Gateway;
  addresses: string[];
}
