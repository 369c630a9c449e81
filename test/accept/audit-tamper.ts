/**
 * A real store with thousands of records is edited, cut, forked and replayed by somebody who holds the file (and, for
 * the worst cases, the signing key). The standalone verifier runs as a child process from a folder of its own.
 */
import { spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { exportPages } from '../../src/audit/export.ts';
import { auditMigrations } from '../../src/audit/index.ts';
import type { Report } from '../../src/audit/verify.ts';
import { silentLogger, systemClock } from '../../src/common/index.ts';
import { checkWitness, parseCheckpoint } from '../../src/protocol/index.ts';
import { Store } from '../../src/store/index.ts';
import { ATTACKS, dropTriggers, rewriteWithout, truncate } from '../support/audit-attacks.ts';
import { auditRig, ORIGIN, signerOf, verifyLines } from '../support/audit-rig.ts';
import { Checks } from '../support/checks.ts';

const RECORDS = 5_000;
const FLIPS = 300;
const checks = new Checks();
const folder = mkdtempSync(join(tmpdir(), 'jingu-tamper-'));
const verifier = join(folder, 'verifier');
const honest = join(folder, 'honest');
const early = join(folder, 'early');
const { privateKey } = generateKeyPairSync('ed25519');
const key = signerOf(privateKey);

// The program must stand alone: its three files, no package, no other source.
mkdirSync(verifier);
const source = join(import.meta.dirname, '..', '..', 'src', 'audit');
for (const file of ['verify-main.ts', 'verify.ts', 'verify-format.ts'])
  copyFileSync(join(source, file), join(verifier, file));
writeFileSync(join(verifier, 'package.json'), '{"type":"module"}');

function verify(file: string, ...args: string[]): { exit: number | null; report: Report } {
  const run = spawnSync(process.execPath, [join(verifier, 'verify-main.ts'), file, ...args], {
    encoding: 'utf8',
    cwd: verifier,
  });
  return { exit: run.status, report: JSON.parse(run.stdout || '{}') as Report };
}

/** Exports a folder's log as it stands, sound or not. */
async function exportOf(directory: string, name: string): Promise<string> {
  const store = new Store({ directory, migrations: auditMigrations, log: silentLogger });
  try {
    const { n } = store.get<{ n: number }>('SELECT max(seq) AS n FROM audit_event')!;
    const lines = [...exportPages(store, ORIGIN, 1, n)].flat();
    const file = join(folder, `${name}.ndjson`);
    writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  } finally {
    await store.close();
  }
}

function copyOf(directory: string, name: string): string {
  const target = join(folder, name);
  mkdirSync(target, { recursive: true });
  copyFileSync(join(directory, 'jingu.db'), join(target, 'jingu.db'));
  return target;
}

function inFile<T>(directory: string, fn: (db: BetterSqlite.Database) => T): T {
  const db = new BetterSqlite(join(directory, 'jingu.db'));
  try {
    dropTriggers(db);
    return fn(db);
  } finally {
    db.close();
  }
}

/** Writes the log and answers the checkpoint that a paired client kept on the way. */
async function writeHonestLog(): Promise<string> {
  let rig = await auditRig(systemClock, { directory: honest, key });
  const half = RECORDS / 2;
  while (rig.audit.size() < half) await rig.fill(50);
  const intent = (type: string) =>
    rig.store.write((tx) =>
      rig.audit.append(tx, { type, actor: null, body: { callId: 'call_pull', operation: 'model.pull' } }),
    );
  await intent('intent');
  await intent('outcome');
  const kept = (await rig.audit.checkpoint()).note;
  await rig.close();
  copyOf(honest, 'early');
  rig = await auditRig(systemClock, { directory: honest, key });
  while (rig.audit.size() < RECORDS) await rig.fill(50);
  await rig.close();
  return kept;
}

try {
  const kept = await writeHonestLog();
  const keptFile = join(folder, 'kept.note');
  writeFileSync(keptFile, kept);
  const keptSize = parseCheckpoint(kept)!.size;
  const file = await exportOf(honest, 'honest');
  const vkey = verify(file).report.keys?.[0] ?? '';

  const started = performance.now();
  await checks.check(`an honest log of ${RECORDS} records verifies (exit 0), anchored by key and witness`, () => {
    const { exit, report } = verify(file, '--key', vkey, '--checkpoint', keptFile);
    return exit === 0 && report.anchored && report.to >= RECORDS && report.signedTo === report.to;
  });
  console.log(`     ${RECORDS} records verified by a child process in ${(performance.now() - started).toFixed(0)} ms`);
  await checks.check('wrong usage is exit 2', () => verify(join(folder, 'absent.ndjson')).exit === 2);

  for (const attack of ATTACKS) {
    // Anywhere between the key record and the end, with room for a neighbour.
    const seq = randomInt(2, RECORDS - 1);
    await checks.check(`${attack.name} (record ${seq}): exit 1, first bad record named`, async () => {
      const directory = copyOf(honest, 'attacked');
      const expected = inFile(directory, (db) => attack.run(db, seq));
      const { exit, report } = verify(await exportOf(directory, 'attacked'));
      rmSync(directory, { recursive: true });
      if (exit !== 1 || report.firstBad !== expected)
        throw new Error(`exit ${exit}, first bad ${report.firstBad}, not ${expected}`);
      return true;
    });
  }

  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const part = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return verify(path);
  };
  await checks.check(
    'an export without its last line is incomplete (exit 3)',
    () => part('cut', lines.slice(0, -1).join('\n')).exit === 3,
  );
  await checks.check(
    'an export cut in the middle of a line is broken',
    () => part('half', lines.join('\n').slice(0, -9_000)).exit === 1,
  );
  await checks.check(
    'an export with a line taken out is broken',
    () => part('out', lines.toSpliced(randomInt(1, 4_000), 1).join('\n')).exit === 1,
  );
  await checks.check('an empty file is incomplete', () => part('empty', '').exit === 3);
  await checks.check('records without the checkpoint over them are incomplete', () => {
    const bare = lines.filter((line) => !line.startsWith('{"checkpoint"'));
    return part('bare', bare.join('\n')).exit === 3;
  });

  // A short log, so that each flip costs a millisecond: every byte of every record and checkpoint counts.
  const short = await auditRig(systemClock);
  await short.fill(60);
  await short.audit.checkpoint();
  const whole = short.lines();
  await checks.check(`${FLIPS} random bit flips in records and checkpoints are all found`, () => {
    for (let i = 0; i < FLIPS; i++) {
      const at = randomInt(1, whole.length - 1);
      const bytes = Buffer.from(whole[at]!, 'utf8');
      const offset = randomInt(bytes.length);
      const bit = 1 << randomInt(8);
      bytes[offset]! ^= bit;
      const { verdict } = verifyLines(whole.with(at, bytes.toString('utf8')));
      if (verdict === 'intact') throw new Error(`line ${at}, byte ${offset}, bit ${bit}: ${bytes.toString('utf8')}`);
    }
    return verifyLines(whole).verdict === 'intact';
  });
  await short.close();

  await checks.check('cut short: sound in itself, found offline by the witness', async () => {
    const directory = copyOf(honest, 'cut-short');
    const size = inFile(directory, (db) => {
      const { size } = db.prepare('SELECT max(size) AS size FROM audit_checkpoint WHERE size < ?').get(keptSize) as {
        size: number;
      };
      truncate(db, size);
      return size;
    });
    const cut = await exportOf(directory, 'cut-short');
    const alone = verify(cut);
    const { exit, report } = verify(cut, '--checkpoint', keptFile);
    return alone.exit === 0 && !alone.report.anchored && exit === 1 && report.firstBad === size + 1;
  });

  for (const [name, directory, spoil] of [
    [
      'forked: rewritten with the valid key',
      copyOf(honest, 'forked'),
      (db: BetterSqlite.Database) => rewriteWithout(db, 1_000),
    ],
    [
      'replayed: an old copy continued with the valid key',
      copyOf(early, 'replayed'),
      (db: BetterSqlite.Database) => truncate(db, 2_000),
    ],
  ] as const) {
    await checks.check(`${name}: sound in itself, found by the witness, live and offline`, async () => {
      inFile(directory, spoil);
      const rig = await auditRig(systemClock, { directory, key });
      while (rig.audit.size() < RECORDS) await rig.fill(100);
      const head = await rig.audit.checkpoint();
      const [then, now] = [parseCheckpoint(kept)!, parseCheckpoint(head.note)!];
      const verdict = await checkWitness(then, now, rig.audit.consistency(then.size, now.size));
      await rig.close();
      const forged = await exportOf(directory, 'forged');
      const offline = verify(forged, '--checkpoint', keptFile);
      return (
        verify(forged).exit === 0 &&
        verdict === 'unproved' &&
        offline.exit === 1 &&
        offline.report.firstBad === keptSize
      );
    });
  }

  await checks.check('another log under the same name, signed with another key: found by the pinned key', async () => {
    const rig = await auditRig(systemClock);
    await rig.fill(100);
    await rig.audit.checkpoint();
    const path = join(folder, 'stranger.ndjson');
    writeFileSync(path, `${rig.lines().join('\n')}\n`);
    await rig.close();
    return verify(path).exit === 0 && verify(path, '--key', vkey).exit === 1;
  });

  await checks.check('an honest log convinces the same witness', async () => {
    const rig = await auditRig(systemClock, { directory: honest, key });
    const [then, now] = [parseCheckpoint(kept)!, parseCheckpoint(rig.audit.head().note)!];
    const verdict = await checkWitness(then, now, rig.audit.consistency(then.size, now.size));
    await rig.close();
    return verdict === 'consistent';
  });

  await checks.check(
    'killed between intent and effect: the effect is reported as unknown, the log is whole',
    async () => {
      const directory = join(folder, 'killed');
      const pem = join(folder, 'key.pem');
      writeFileSync(pem, privateKey.export({ type: 'pkcs8', format: 'pem' }));
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, '..', 'support', 'audit-victim.ts'), directory, pem],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      await once(child.stdout!, 'data');
      child.kill('SIGKILL');
      await once(child, 'exit');
      const rig = await auditRig(systemClock, { directory, key });
      const orphans = rig.audit.orphanIntents().map((entry) => entry.body['callId']);
      await rig.close();
      const { exit, report } = verify(await exportOf(directory, 'killed'));
      return orphans.join() === 'call_victim' && exit === 3 && report.openIntents[0]?.callId === 'call_victim';
    },
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = checks.end();
