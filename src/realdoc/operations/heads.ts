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

/** What every document that begins in the box may be refused for. */
export const NEW_DOCUMENT_ERRORS = [
  'DOC_EXISTS',
  'DOC_QUOTA',
  'DISK_FULL',
  'DOC_NAME_CLASH',
  'DOC_SHARE_AWAY',
  'DOC_PATH_INVALID',
  'DOC_PATH_OUTSIDE',
  'DOC_WORKSPACE_NOT_FOUND',
] as const;
