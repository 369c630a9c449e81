import { PLAIN_READ } from '../../protocol/index.ts';

/** What the contracts of most operations on documents have in common. */
export const READING = { ...PLAIN_READ, scope: 'doc.read' } as const;

/** Leaves versions, which `doc.undo` takes back. */
export const CHANGING = {
  effect: 'write',
  risk: 'low',
  confirmation: 'policy',
  idempotency: 'key',
  undo: { by: 'doc.undo' },
  scope: 'doc.write',
} as const;

/** The same, and can be tried without an effect. */
export const WRITING = { ...CHANGING, dryRun: true } as const;
