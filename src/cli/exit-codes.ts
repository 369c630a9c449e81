import { CATEGORIES, type WireError } from '../common/index.ts';

/** The whole table; any other number means failure. docs/reference/cli.md shows it and a test holds them equal. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  partly: 3,
  unauthenticated: 4,
  denied: 5,
  needsPerson: 6,
  conflict: 7,
  outcomeUnknown: 8,
  unreachable: 69,
  temporary: 75,
  interrupted: 130,
} as const;

export const EXIT_TEXT: Record<keyof typeof EXIT, string> = {
  done: 'done',
  failed: 'failed',
  usage: 'usage or invalid input',
  partly: 'partly done',
  unauthenticated: 'not authenticated',
  denied: 'denied by policy',
  needsPerson: 'a person must answer first',
  conflict: 'conflict or stale version',
  outcomeUnknown: 'outcome unknown: look before repeating',
  unreachable: 'the box is not reachable',
  temporary: 'temporary, a retry may help',
  interrupted: 'interrupted',
};

export function exitOf(error: Pick<WireError, 'code' | 'category'>): number {
  if (error.code === 'BOX_UNREACHABLE') return EXIT.unreachable;
  return CATEGORIES[error.category]?.exit ?? EXIT.failed;
}
