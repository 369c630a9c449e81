import { isAbsolute } from 'node:path';
import { fail } from '../common/index.ts';
import { type AnyOperation, type Caller, closed, operation, Type } from '../protocol/index.ts';
import type { Backups } from './backup.ts';
import { BackupHead } from './backup-manifest.ts';

export interface BackupRoom {
  backups: Backups;
}

const BackupName = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,90}$' });
/** Only at the box itself: a remote caller must not choose where keys are written or what is read. */
const Directory = Type.Optional(Type.String({ minLength: 1, maxLength: 1000 }));
const Head = Type.Union([BackupHead, Type.Null()]);
const Backup = closed({
  name: Type.String(),
  path: Type.String(),
  createdAt: Type.Integer(),
  bytes: Type.Integer({ minimum: 0 }),
  files: Type.Integer({ minimum: 1 }),
  head: Head,
});
const common = {
  since: 1,
  confirmation: 'never',
  undo: 'none',
  scope: 'box.admin',
  surfaces: ['ws', 'rest', 'cli'],
} as const;

/** Restoring is not here: it needs the box stopped, so it is a command of its own on the machine. */
export function backupOperations(room: BackupRoom): AnyOperation[] {
  const create = operation({
    ...common,
    id: 'backup.create',
    summary: { en: 'Back up the database, the keys and the files of the box', zh: '备份数据库、密钥和盒子文件' },
    input: closed({ name: Type.Optional(BackupName), directory: Directory }),
    output: Backup,
    effect: 'admin',
    // It writes the keys of the box into a folder, and nothing takes a copy back.
    risk: 'medium',
    idempotency: 'key',
    errors: ['DISK_FULL', 'STORE_FAILED', 'UNAVAILABLE', 'CANCELLED'],
    examples: [
      { note: 'named after the time', input: {} },
      { note: 'to another disk, at the box', input: { directory: '/mnt/usb' } },
    ],
    facts: (_ctx, { directory }) => ({ targets: [{ kind: 'box', id: 'backup', name: directory ?? 'data' }] }),
    perform: (ctx, { name, directory }) =>
      room.backups.create({ ...(name ? { name } : {}), ...localOnly(ctx.caller, directory) }, ctx.signal),
  });
  const list = operation({
    ...common,
    id: 'backup.list',
    summary: { en: 'Backups of this box, newest first', zh: '本盒的备份,最新在前' },
    input: closed({ directory: Directory }),
    output: closed({ backups: Type.Array(Backup) }),
    effect: 'read',
    risk: 'low',
    idempotency: 'natural',
    errors: [],
    examples: [{ note: 'those in the data directory', input: {} }],
    read: async (ctx, { directory }) => ({
      backups: await room.backups.list(localOnly(ctx.caller, directory).directory),
    }),
  });
  const verify = operation({
    ...common,
    id: 'backup.verify',
    summary: { en: 'Check every byte of a backup and the record inside it', zh: '校验备份的全部内容及其中的审计记录' },
    input: closed({ name: BackupName, directory: Directory }),
    output: closed({
      isSound: Type.Boolean(),
      problems: Type.Array(Type.String()),
      name: Type.String(),
      files: Type.Integer(),
      bytes: Type.Integer(),
      head: Head,
    }),
    effect: 'read',
    risk: 'low',
    idempotency: 'natural',
    positional: ['name'],
    errors: ['BACKUP_NOT_FOUND', 'BACKUP_BROKEN'],
    examples: [{ note: 'before relying on it', input: { name: 'jingu-20261121T150405Z' } }],
    read: (ctx, { name, directory }) => room.backups.verify(name, localOnly(ctx.caller, directory).directory),
  });
  return [create, list, verify];
}

function localOnly(caller: Caller, directory: string | undefined): { directory?: string } {
  if (directory === undefined) return {};
  if (caller.kind !== 'console') {
    throw fail('INPUT_INVALID', { pointer: '/directory', reason: 'only the console names a folder of the machine' });
  }
  if (!isAbsolute(directory))
    throw fail('INPUT_INVALID', { pointer: '/directory', reason: 'it is not an absolute path' });
  return { directory };
}
