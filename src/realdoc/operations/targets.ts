import type { ActionFacts } from '../../protocol/index.ts';
import type { FileRow } from '../rows.ts';

/** A document as policy, approvals and audit see it. */
export function targetOf(file: FileRow): ActionFacts['targets'][number] {
  return { kind: 'document', id: file.id, name: file.path, version: file.head, label: file.label };
}
