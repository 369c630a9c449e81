/** What the contracts of most operations on documents have in common. */
export const READING = {
  effect: 'read',
  risk: 'low',
  confirmation: 'never',
  idempotency: 'natural',
  undo: 'none',
  scope: 'doc.read',
} as const;

/** Leaves versions, which `doc.undo` takes back, and can be tried without an effect. */
export const WRITING = {
  effect: 'write',
  risk: 'low',
  confirmation: 'policy',
  idempotency: 'key',
  undo: { by: 'doc.undo' },
  dryRun: true,
  scope: 'doc.write',
} as const;
