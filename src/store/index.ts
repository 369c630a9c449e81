export { type BackupReport, Backups, type BackupsOptions, type VerifyReport, verifyBackup } from './backup.ts';
export type { BackupHead, BackupManifest } from './backup-manifest.ts';
export { Blobs } from './blobs.ts';
export type { RestoreNotice } from './meta.ts';
export type { Migration } from './migrations.ts';
export { type BackupRoom, backupOperations } from './operations.ts';
export { type RestoreOptions, type RestoreReport, restoreBackup } from './restore.ts';
export { SteadyClock } from './steady-clock.ts';
export { Store, type StoreOptions } from './store.ts';
