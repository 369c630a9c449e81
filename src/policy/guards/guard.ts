import type { Text } from '../../protocol/index.ts';
import type { Facts } from '../facts.ts';

/**
 * One rule of the baseline. It can only say no or nothing: no guard grants, and none reads anything but the facts,
 * so no configuration, role, bundle or flag reaches it.
 */
export interface Guard {
  id: `G${number}`;
  name: string;
  text: Text;
  check(facts: Facts): 'deny' | 'abstain';
}

/** Denies when `isForbidden` holds. */
export function guard(id: Guard['id'], name: string, text: Text, isForbidden: (facts: Facts) => boolean): Guard {
  return { id, name, text, check: (facts) => (isForbidden(facts) ? 'deny' : 'abstain') };
}
