// The restore as a program of its own: node restore-main.ts <backup folder> <data directory>. One JSON object on
// stdout, or one error object on stderr and exit 1. It needs nothing of a running box, and refuses to meet one.
import { fail, isJinguError } from '../common/index.ts';
import { restoreBackup } from './restore.ts';

const [backup, dataDirectory] = process.argv.slice(2);
try {
  if (backup === undefined || dataDirectory === undefined) throw new TypeError('name a backup and a data directory');
  const report = await restoreBackup({ backup, dataDirectory, now: Date.now() });
  process.stdout.write(`${JSON.stringify(report)}\n`);
} catch (cause) {
  const error = isJinguError(cause) ? cause : fail('INTERNAL', {}, cause);
  process.stderr.write(`${JSON.stringify(error.toWire())}\n`);
  process.exitCode = 1;
}
