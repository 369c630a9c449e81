import type { Reader } from '../common/index.ts';
import { fail } from '../common/index.ts';
import { type AnyOperation, closed, operation, PLAIN_READ } from '../protocol/index.ts';
import type { AuditLog } from './audit-log.ts';
import { exportFile, exportText, verifyLive } from './exporter.ts';
import { auditSql, type EventRow, entryOf } from './repository.ts';
import {
  ConsistencyInput,
  ConsistencyOutput,
  ExportInput,
  ExportOutput,
  HeadSchema,
  ListInput,
  ListOutput,
  ProveInput,
  ProveOutput,
  VerifyInput,
  VerifyOutput,
} from './schemas.ts';

export interface AuditRoom {
  audit: AuditLog;
  db: Reader;
  /** Where `audit.export {into: "file"}` writes: a folder of the data directory. */
  exportDirectory: string;
}

const common = {
  since: 1,
  ...PLAIN_READ,
  surfaces: ['ws', 'rest', 'cli'],
} as const;

/** What the record offers. Handlers alone touch `room`. */
export function auditOperations(room: AuditRoom): AnyOperation[] {
  return [headOperation(room), consistencyOperation(room), ...readerOperations(room), exportOperation(room)];
}

// Every paired client is a witness, so the head and its consistency need no auditor.
function headOperation(room: AuditRoom): AnyOperation {
  return operation({
    ...common,
    id: 'audit.head',
    summary: { en: 'Newest signed checkpoint of the audit log', zh: '审计日志的最新签名检查点' },
    input: closed({}),
    output: HeadSchema,
    scope: 'box.read',
    errors: ['UNAVAILABLE'],
    examples: [{ note: 'what to remember as a witness', input: {} }],
    read: () => {
      const { origin, size, root, note, at } = room.audit.head();
      return { origin, size, root, note, at, verifier: room.audit.verifier(), records: room.audit.size() };
    },
  });
}

function consistencyOperation(room: AuditRoom): AnyOperation {
  return operation({
    ...common,
    id: 'audit.consistency',
    summary: { en: 'Prove that the log only grew between two sizes', zh: '证明日志在两个长度之间只增不改' },
    input: ConsistencyInput,
    output: ConsistencyOutput,
    scope: 'box.read',
    errors: ['AUDIT_RANGE'],
    positional: ['from', 'to'],
    examples: [{ note: 'from the checkpoint kept at the last connection', input: { from: 256, to: 512 } }],
    read: (_ctx, { from, to }) => ({ from, to, proof: room.audit.consistency(from, to) }),
  });
}

function readerOperations(room: AuditRoom): AnyOperation[] {
  const list = operation({
    ...common,
    id: 'audit.list',
    summary: { en: 'Audit records, newest first', zh: '审计记录,最新在前' },
    input: ListInput,
    output: ListOutput,
    scope: 'audit.read',
    errors: [],
    examples: [
      { note: 'the last fifty', input: { max: 50 } },
      { note: 'refusals before record 900', input: { type: 'refused', before: 900 } },
    ],
    read: (_ctx, { before, type, max = 100 }) => {
      const rows = auditSql.list(room.db, { before: before ?? Number.MAX_SAFE_INTEGER, type, max });
      const last = rows.at(-1)?.seq ?? 1;
      return { records: rows.map(shown), next: rows.length === max && last > 1 ? last : null };
    },
  });
  const verify = operation({
    ...common,
    id: 'audit.verify',
    summary: { en: 'Check the whole audit log of this box', zh: '校验本盒全部审计日志' },
    input: VerifyInput,
    output: VerifyOutput,
    scope: 'audit.read',
    errors: ['AUDIT_RANGE', 'UNAVAILABLE'],
    examples: [{ note: 'chain, tree, signatures, keys, time and outcomes', input: {} }],
    read: (ctx, { checkpoints }) => verifyLive(room.db, room.audit, checkpoints ?? [], ctx.signal),
  });
  const prove = operation({
    ...common,
    id: 'audit.prove',
    summary: { en: 'Prove that one record is in the signed log', zh: '证明某条记录在已签名的日志中' },
    input: ProveInput,
    output: ProveOutput,
    scope: 'audit.read',
    errors: ['AUDIT_RANGE', 'UNAVAILABLE'],
    positional: ['seq'],
    examples: [{ note: 'a proof that anyone can check offline', input: { seq: 17 } }],
    read: async (_ctx, { seq }) => {
      const row = auditSql.event(room.db, seq);
      if (!row) throw fail('AUDIT_RANGE', { reason: `there is no record ${seq}` });
      const kept = room.audit.head();
      const head = kept.size >= seq ? kept : await room.audit.checkpoint();
      const { index, leaf, proof } = room.audit.inclusion(seq, head.size);
      const tlogProof = ['c2sp.org/tlog-proof@v1', `index ${index}`, ...proof, '', head.note].join('\n');
      return { seq, index, leaf, record: shown(row), prev: base64(row.prev), proof, tlogProof };
    },
  });
  return [list, verify, prove];
}

function exportOperation(room: AuditRoom): AnyOperation {
  return operation({
    ...common,
    id: 'audit.export',
    summary: { en: 'Export the audit log for offline verification', zh: '导出审计日志以便离线校验' },
    input: ExportInput,
    output: ExportOutput,
    scope: 'audit.export',
    audited: true,
    errors: ['AUDIT_RANGE', 'DISK_FULL'],
    examples: [
      { note: 'a file in the data directory', input: { into: 'file' } },
      { note: 'in parts over the API: go on at `next`', input: { into: 'text', from: 1 } },
    ],
    read: (ctx, { from, to, into }) =>
      into === 'text'
        ? exportText(room.db, room.audit, { from, to })
        : exportFile(room.db, room.audit, room.exportDirectory, { from, to }, ctx.signal),
  });
}

function shown(row: EventRow) {
  return { ...entryOf(row), leaf: base64(row.leaf) };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
