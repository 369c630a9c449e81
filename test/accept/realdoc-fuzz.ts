/**
 * Four writers on shared documents while the daemon is killed and started again: calls through the door, a person who
 * saves files, the real command, and a real Samba server. Afterwards every answered version is there byte for byte, no
 * save is lost, and all histories verify. `--operations N` each (10,000), `--kills N` (12), `--seed N`,
 * `--cli-share N`: the command makes one operation in N, since each is two processes (25).
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as rows from '../../src/realdoc/repository/index.ts';
import { DocBox } from '../support/doc-box.ts';
import { LiveBox } from '../support/live-box.ts';
import { randomFrom } from '../support/task-kill-rounds.ts';
import { assert, Checks } from './support/checks.ts';
import { agents, cli, digest, type Entry, overSamba, person, TOKEN, writer } from './support/fuzz-writers.ts';
import { Samba } from './support/samba.ts';

const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? Number(process.argv[at + 1]) : otherwise;
};
const operations = option('operations', 10_000);
const kills = option('kills', 12);
const seed = option('seed', Date.now() % 1_000_000);
const cliOperations = Math.max(4, Math.ceil(operations / option('cli-share', 25)));
const random = randomFrom(seed);

const base = mkdtempSync(join(tmpdir(), 'jingu-fuzz-'));
const root = join(base, 'share');
mkdirSync(root);
// Two people must not save the same file: what one of them writes over the other's, no box ever sees.
const byPerson = Array.from({ length: 8 }, (_, i) => `person-${i}.md`);
const bySamba = Array.from({ length: 8 }, (_, i) => `samba-${i}.md`);
const names = [...byPerson, ...bySamba, ...Array.from({ length: 8 }, (_, i) => `edited-${i}.md`)];
for (const name of names) writeFileSync(join(root, name), Array.from({ length: 20 }, (_, i) => `line ${i}\n`).join(''));

const needs = spawnSync('sh', [join(import.meta.dirname, '../../scripts/debian-packages.sh'), 'share'], {
  encoding: 'utf8',
});
const samba = needs.status === 0 ? await Samba.start(base, root).catch(() => undefined) : undefined;
console.log(`${operations} operations, seed ${seed}; the command makes ${cliOperations} (two processes each)`);
if (!samba) console.log('UNAVAILABLE: Samba (sh scripts/debian-packages.sh share): that writer does not take part');

const writers = { door: writer(), person: writer(), command: writer(), samba: writer() };
const box = await LiveBox.start({ data: join(base, 'data') });
const checks = new Checks();
let ready = Promise.resolve();
let isOver = false;
try {
  await box.run('workspace.add', { name: 'office', root });
  for (const name of names) await box.run('doc.read', { path: `office/${name}`, from: 1, to: 1 });
  const field = { box, root, random, up: () => ready, done: () => writers.door.asked / operations };
  const client = samba?.client();
  const killing = killNowAndThen();
  const from = performance.now();
  await Promise.all([
    agents(field, names, operations, writers.door),
    person(field, byPerson, operations, writers.person),
    cli(field, names, cliOperations, writers.command),
    client && overSamba({ ...field, client, folder: base }, bySamba, operations, writers.samba),
  ]);
  isOver = true;
  const killed = await killing;
  await client?.close();
  console.log(`  all written after ${Math.round((performance.now() - from) / 1000)} s, ${killed} kills`);
  await box.run('doc.status', { path: 'office', waitMs: 30_000 });
  await checks.check('the daemon was killed while they wrote', () => {
    assert(killed > 0 || kills === 0, 'not once');
    return `${killed} times`;
  });
} finally {
  isOver = true;
  await box.stop();
  await samba?.stop();
}
await afterwards();
checks.finish();
rmSync(base, { recursive: true, force: true });

/** SIGKILL whenever another part of the door's operations is done; writers that need the daemon wait for it. */
async function killNowAndThen(): Promise<number> {
  let done = 0;
  while (!isOver) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (done >= kills || writers.door.asked < ((done + 1) * operations) / (kills + 1)) continue;
    done++;
    await box.kill();
    const start = box.restart();
    ready = start;
    await start;
    const { door, person: people, samba: server, command } = writers;
    const counts = [door, people, server, command].map((one) => one.journal.length);
    console.log(
      `  kill ${done}: ${counts[0]} edits, ${counts[1]} saves, ${counts[2]} over Samba, ${counts[3]} by command`,
    );
  }
  return done;
}

/** Looks at the files of the box itself, with the box stopped. */
async function afterwards(): Promise<void> {
  const alive = setInterval(() => undefined, 1000);
  const found = await DocBox.open({ base });
  await found.room.settled();
  const texts = new Map<string, { lines: string[]; sha256: string }[]>();
  const tokens = new Map<string, Set<string>>();
  const [workspace] = rows.workspaces(found.store);
  for (const name of names) {
    const file = rows.fileAt(found.store, workspace!.id, name)!;
    const versions: { lines: string[]; sha256: string }[] = [];
    const held = new Set<string>();
    for (let v = 1; v <= file.head; v++) {
      const bytes = found.room.documents.read(found.store, file, v).toBuffer();
      const text = bytes.toString();
      for (const [token] of text.matchAll(TOKEN)) held.add(token);
      versions.push({ lines: text.split('\n'), sha256: digest(bytes) });
    }
    texts.set(name, versions);
    tokens.set(name, held);
  }
  for (const [who, { journal, refused, problems }] of Object.entries(writers)) {
    if (who === 'samba' && !samba) continue;
    await checks.check(`${who}: everything that was answered or saved is in the history, as it was answered`, () => {
      assert(problems.length === 0, problems.slice(0, 5).join('\n'));
      const wrong = journal.map((entry) => fault(entry, texts, tokens)).filter((text) => text !== undefined);
      assert(wrong.length === 0, `${wrong.length} of ${journal.length}: ${wrong.slice(0, 5).join('; ')}`);
      assert(journal.length > 0, 'nothing was answered');
      return `${journal.length} answered, ${refused} refused`;
    });
  }
  await checks.check('every file is the newest version of its document', async () => {
    for (const name of names) {
      const head = texts.get(name)!.at(-1)!;
      assert(digest(readFileSync(join(root, name))) === head.sha256, `${name} differs`);
    }
    return `${[...texts.values()].reduce((sum, versions) => sum + versions.length, 0)} versions of ${names.length} documents`;
  });
  await checks.check('every history is replayed as it was, and verifies', async () => {
    const { ok, problems } = await found.call<{ ok: boolean; problems: unknown[] }>('doc.verify', {
      path: 'office',
      full: true,
    });
    assert(ok, JSON.stringify(problems).slice(0, 1000));
    for (const name of names) {
      const { equal } = await found.call<{ equal: boolean }>('doc.replay', { path: `office/${name}` });
      assert(equal, `${name} is replayed to another text`);
    }
    const broken = found.store.integrityProblems();
    assert(broken.length === 0, broken.join('\n'));
  });
  await found.close();
  clearInterval(alive);
}

function fault(
  { name, token, version, changed, sha256 }: Entry,
  texts: Map<string, { lines: string[]; sha256: string }[]>,
  tokens: Map<string, Set<string>>,
): string | undefined {
  if (version === undefined)
    return tokens.get(name)!.has(token) ? undefined : `${name}: ${token} was saved and is lost`;
  const there = texts.get(name)![version - 1];
  if (!there) return `${name} v${version} was answered and is lost`;
  if (sha256 !== undefined && sha256 !== there.sha256)
    return `${name} v${version} holds other bytes than were answered`;
  const other = changed?.find(({ n, text }) => there.lines[n - 1]?.replace(/\r$/, '') !== text);
  if (other) return `${name} v${version}, line ${other.n}: ${there.lines[other.n - 1]} was answered as ${other.text}`;
  return there.lines.some((line) => line.includes(token)) ? undefined : `${name} v${version} lacks ${token}`;
}
