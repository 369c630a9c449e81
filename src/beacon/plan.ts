/** What the box says of itself on the network. */
export interface BeaconPlan {
  port: number;
  /** The addresses the TLS port is bound to, wildcards included. */
  addresses: readonly string[];
  boxId: string;
  /** What people call the box. */
  label: string;
  /** Oldest and newest protocol version it speaks. */
  protocol: { min: number; max: number };
}

/** `silent` by choice, `degraded` because it cannot; both leave the API untouched. */
export type BeaconState = 'off' | 'silent' | 'announcing' | 'announced' | 'degraded';

export interface BeaconStatus {
  state: BeaconState;
  /** Why it is silent or degraded. */
  reason: string | null;
  /** The name in use; another than the label where the network already had that one. */
  name: string | null;
  interfaces: string[];
}

const ID_PREFIX = 12;
/** RFC 6763 section 7.2 allows 63 bytes; section 6.4 and old Android parsers want TXT values far under 255. */
const NAME_BYTES = 63;
const TXT_BYTES = 200;

/** Exactly these four, in this order. A hint and nothing else: clients pin the key of the box, never a TXT value. */
export function txtOf(plan: BeaconPlan): Record<string, string> {
  return {
    v: '1',
    proto: `${plan.protocol.min}-${plan.protocol.max}`,
    id: idPrefix(plan),
    name: clip(plan.label, TXT_BYTES) || 'Jingu',
  };
}

export function instanceName(plan: BeaconPlan): string {
  return clip(plan.label, NAME_BYTES) || 'Jingu';
}

/** Unique to the box, so that two boxes of one name do not fight over it. */
export function hostName(plan: BeaconPlan): string {
  return `jingu-${idPrefix(plan)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')}`;
}

function idPrefix(plan: BeaconPlan): string {
  return clip(plan.boxId, TXT_BYTES).slice(0, ID_PREFIX);
}

/** Without control characters, whole characters only, at most `bytes` of UTF-8. */
function clip(text: string, bytes: number): string {
  let out = '';
  let size = 0;
  for (const character of text.toWellFormed().replaceAll(/\p{C}/gu, '').trim()) {
    size += new TextEncoder().encode(character).length;
    if (size > bytes) break;
    out += character;
  }
  return out.trim();
}
