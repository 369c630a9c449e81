import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Check } from 'typebox/schema';
import { fail } from '../common/index.ts';
import { closed, type Static, Type } from '../protocol/index.ts';
import { isInside } from './backup-files.ts';

export const DATABASE = 'jingu.db';
export const MANIFEST = 'manifest.json';

/** Where the record stood: the newest signed checkpoint in the copy. */
export const BackupHead = closed({
  origin: Type.String({ maxLength: 200 }),
  size: Type.Integer({ minimum: 1 }),
  root: Type.String({ maxLength: 44 }),
  note: Type.String({ maxLength: 4096 }),
});
export type BackupHead = Static<typeof BackupHead>;

export const BackupManifest = closed({
  format: Type.Literal('jingu-backup/1'),
  name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$' }),
  createdAt: Type.Integer({ minimum: 0 }),
  version: Type.String({ maxLength: 64 }),
  epoch: Type.String({ maxLength: 64 }),
  head: Type.Union([BackupHead, Type.Null()]),
  files: Type.Array(
    closed({
      path: Type.String({ minLength: 1, maxLength: 1023 }),
      bytes: Type.Integer({ minimum: 0 }),
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    }),
    { minItems: 1 },
  ),
});
export type BackupManifest = Static<typeof BackupManifest>;

/** Reads what may have been written by anybody. Throws BACKUP_NOT_FOUND, BACKUP_BROKEN. */
export async function readManifest(folder: string): Promise<BackupManifest> {
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch(() => {
    throw fail('BACKUP_NOT_FOUND', { name: folder });
  });
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (cause) {
    throw fail('BACKUP_BROKEN', { reason: 'the manifest is not JSON' }, cause);
  }
  if (!Check(BackupManifest, manifest)) throw fail('BACKUP_BROKEN', { reason: 'the manifest is not one of ours' });
  const paths = manifest.files.map((file) => file.path);
  const outside = paths.find((path) => !isInside(path) || path === MANIFEST);
  if (outside !== undefined) throw fail('BACKUP_BROKEN', { reason: `the manifest names "${outside}"` });
  if (!paths.includes(DATABASE) || new Set(paths).size !== paths.length) {
    throw fail('BACKUP_BROKEN', { reason: 'the manifest does not name one database' });
  }
  return manifest;
}
