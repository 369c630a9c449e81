/** What the host says to a guest. */
export type ToGuest =
  | { t: 'hello'; name: string; leader: boolean; init: unknown }
  /** `body`: bytes that follow in binary frames of this request before it may begin. */
  | { t: 'req'; id: number; method: string; params: unknown; body?: number }
  | { t: 'cancel'; id: number }
  /** Parts of a request that were consumed: gives the guest room to send more. */
  | { t: 'ack'; id: number; parts: number; bytes: number }
  | { t: 'note'; method: string; params: unknown }
  | { t: 'ping'; n: number }
  | { t: 'drain' };

/** What a guest says to the host. */
export type FromGuest =
  | { t: 'ready' }
  | { t: 'res'; id: number; result: unknown }
  | { t: 'err'; id: number; error: { code: string; message: string; details: Record<string, unknown> } }
  | { t: 'part'; id: number; part: unknown }
  | { t: 'note'; method: string; params: unknown }
  | { t: 'pong'; n: number; memoryBytes: number }
  /** Said before an end of its own choice, so that the reason is known. */
  | { t: 'bye'; reason: string };

type Members = Record<string, unknown>;

const isId = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffffffff;
const isCount = (value: unknown): value is number => typeof value === 'number' && value >= 0;
const isText = (value: unknown): value is string => typeof value === 'string';

const FROM_GUEST: Record<FromGuest['t'], (m: Members) => boolean> = {
  ready: () => true,
  res: (m) => isId(m['id']),
  err: (m) => isId(m['id']) && isGuestError(m['error']),
  part: (m) => isId(m['id']),
  note: (m) => isText(m['method']),
  pong: (m) => isCount(m['n']) && isCount(m['memoryBytes']),
  bye: (m) => isText(m['reason']),
};

const TO_GUEST: Record<ToGuest['t'], (m: Members) => boolean> = {
  hello: (m) => isText(m['name']) && typeof m['leader'] === 'boolean',
  req: (m) => isId(m['id']) && isText(m['method']) && (m['body'] === undefined || isCount(m['body'])),
  cancel: (m) => isId(m['id']),
  ack: (m) => isId(m['id']) && isCount(m['parts']) && isCount(m['bytes']),
  note: (m) => isText(m['method']),
  ping: (m) => isCount(m['n']),
  drain: () => true,
};

/** Reads what a guest sent; `undefined` for anything that is not one of its messages. */
export function readFromGuest(value: unknown): FromGuest | undefined {
  return read(value, FROM_GUEST) as FromGuest | undefined;
}

export function readToGuest(value: unknown): ToGuest | undefined {
  return read(value, TO_GUEST) as ToGuest | undefined;
}

function read(value: unknown, shapes: Record<string, (m: Members) => boolean>): Members | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const members = value as Members;
  const type = members['t'];
  if (typeof type !== 'string' || !Object.hasOwn(shapes, type)) return undefined;
  return shapes[type]!(members) ? members : undefined;
}

function isGuestError(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { code, message, details } = value as Members;
  return isText(code) && isText(message) && typeof details === 'object' && details !== null && !Array.isArray(details);
}
