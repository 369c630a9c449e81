import type { AnyOperation } from '../../protocol/index.ts';
import type { Identity } from '../identity.ts';
import { deviceOperations } from './device.ts';
import { pairOperations } from './pair.ts';
import { personOperations } from './person.ts';
import { tokenOperations } from './token.ts';

/** Every operation of this room. Touches nothing of `identity` until a handler runs. */
export function identityOperations(identity: Identity): AnyOperation[] {
  return [
    ...pairOperations(identity),
    ...deviceOperations(identity),
    ...personOperations(identity),
    ...tokenOperations(identity),
  ];
}
