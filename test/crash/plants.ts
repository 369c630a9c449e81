import type { Call } from './log.ts';
import { KIND } from './recorder.ts';

/**
 * Bugs that the checker must find before its silence means anything. Each takes away fsyncs that the program did, as if
 * it had forgotten them; nothing of it is in the product.
 */
export const PLANTS: Record<string, (calls: readonly Call[]) => (call: Call, index: number) => boolean> = {
  /** With `synchronous=NORMAL` SQLite syncs the log only before a checkpoint copies it into the database. */
  'WAL NORMAL': (calls) => (call, index) => {
    if (call.kind !== KIND.syncFile || !call.path.endsWith('jingu.db-wal')) return false;
    const next = calls
      .slice(index + 1)
      .find(({ kind, path }) => kind === KIND.write && path.startsWith('data/jingu.db'));
    return next?.path !== 'data/jingu.db';
  },
  'no directory fsync': () => (call) => call.kind === KIND.syncFolder && call.path.startsWith('share'),
  'no fsync before rename': () => (call) => call.kind === KIND.syncFile && /\.rd-[0-9a-z]{26}$/.test(call.path),
  'commit before blob fsync': () => (call) => call.kind === KIND.syncFile && call.path.startsWith('data/blobs/'),
};
