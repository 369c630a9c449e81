/** Changes a folder (`argv`) in every way that the product has, for the test that none goes past the recorder. */
import { constants, copyFileSync, openSync, truncateSync, writevSync } from 'node:fs';
import { appendFile, link, mkdir, open, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import koffi from 'koffi';

const at = (name: string): string => join(process.argv[2]!, name);
const AT_FDCWD = -100;
const RENAME_EXCHANGE = 2;

const db = new BetterSqlite(at('db'));
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec('CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(9000))');
db.pragma('wal_checkpoint(PASSIVE)');

// libuv's threads.
await mkdir(at('folder'));
await Promise.all(Array.from({ length: 8 }, (_, i) => writeFile(at(`folder/f${i}`), `file ${i}`.repeat(500))));
await appendFile(at('folder/f0'), 'more');
const file = await open(at('folder/f1'), 'r+');
await file.write(Buffer.from('middle'), 0, 6, 100);
await file.truncate(900);
await file.sync();
await file.datasync();
await file.close();
await rename(at('folder/f2'), at('folder/renamed'));
await link(at('folder/f3'), at('second-name'));
await unlink(at('folder/f4'));
await writeFile(at('folder/f5'), 'cut and written again');
const through = await open(at('folder'), constants.O_RDONLY | constants.O_DIRECTORY);
await writeFile(`/proc/self/fd/${through.fd}/by-open-folder`, 'x');
await through.sync();
await through.close();
copyFileSync(at('folder/f6'), at('copied'));
truncateSync(at('copied'), 10);
writevSync(openSync(at('parts'), 'w'), [Buffer.from('one '), Buffer.from('two')]);
await mkdir(at('gone/deep'), { recursive: true });
await writeFile(at('gone/deep/file'), 'x');
await rm(at('gone'), { recursive: true });

// A call that Node lacks, by an FFI, as the library's function and as the kernel's number.
const libc = koffi.load(null);
const exchange = libc.func('int renameat2(int, const char *, int, const char *, unsigned int)') as (
  ...args: unknown[]
) => number;
if (exchange(AT_FDCWD, at('copied'), AT_FDCWD, at('parts'), RENAME_EXCHANGE) !== 0) throw new Error('no exchange');
const bySyscall = libc.func('long syscall(long, int, const char *, int, const char *, unsigned int)') as (
  ...args: unknown[]
) => number;
const RENAMEAT2 = process.arch === 'arm64' ? 276 : 316;
const moved = bySyscall(RENAMEAT2, AT_FDCWD, at('folder/f7'), AT_FDCWD, at('by-number'), 0);
if (Number(moved) !== 0) throw new Error('no renameat2 by its number');
db.close();
