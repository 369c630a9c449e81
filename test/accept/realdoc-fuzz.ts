/**
 * Four writers on shared documents while the daemon is killed and started again: the box's own agent (tasks, whose model
 * answers by rules), a person who saves files in every way that programs have, the real command, and a real Samba server.
 * Afterwards every answered version is there byte for byte, no save is lost, and all histories verify.
 * `--operations N` each, all of them answered (10,000), `--kills N` (20), `--seed N`, `--documents N` (36), `--own N`: one
 * command in N is a process of its own (50), the others share one a terminal.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as rows from '../../src/realdoc/repository/index.ts';
import { DocBox } from '../support/doc-box.ts';
import { LiveBox } from '../support/live-box.ts';
import { randomFrom } from '../support/random.ts';
import { SCRIPTED_ENGINE, ScriptedModel } from '../support/scripted-model.ts';
import { assert, Checks } from './support/checks.ts';
import { agent, RULES, STOCK } from './support/fuzz-agent.ts';
import { command } from './support/fuzz-command.ts';
import { digest, type Entry, Field, Writer } from './support/fuzz-field.ts';
import { overSamba, person } from './support/fuzz-savers.ts';
import { Samba } from './support/samba.ts';

const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? Number(process.argv[at + 1]) : otherwise;
};
const operations = option('operations', 10_000);
const kills = option('kills', 20);
const seed = option('seed', Date.now() % 1_000_000);
const random = randomFrom(seed);

const base = mkdtempSync(join(tmpdir(), 'jingu-fuzz-'));
const root = join(base, 'share');
mkdirSync(root);
// Two people must not save the same file: what one of them writes over the other's, no box ever sees.
const third = Math.ceil(option('documents', 36) / 3);
const named = (what: string): string[] => Array.from({ length: third }, (_, i) => `${what}-${i}.md`);
const [byPerson, bySamba] = [named('person'), named('samba')];
const names = [...byPerson, ...bySamba, ...named('edited')];
const FIRST = [STOCK, ...Array.from({ length: 20 }, (_, i) => `line ${i}`), ''].join('\n');
for (const name of names) writeFileSync(join(root, name), FIRST);

const needs = spawnSync('sh', [join(import.meta.dirname, '../../scripts/debian-packages.sh'), 'share'], {
  encoding: 'utf8',
});
const samba = needs.status === 0 ? await Samba.start(base, root).catch(() => undefined) : undefined;
console.log(`${operations} operations each on ${names.length} documents, seed ${seed}`);
if (!samba) console.log('UNAVAILABLE: Samba (sh scripts/debian-packages.sh share): that writer does not take part');

const writers = {
  agent: new Writer(operations),
  person: new Writer(operations),
  command: new Writer(operations),
  samba: new Writer(samba ? operations : 0),
};
const box = await LiveBox.start({ data: join(base, 'data'), engineProgram: SCRIPTED_ENGINE });
const checks = new Checks();
let isOver = false;
try {
  await box.run('workspace.add', { name: 'office', root });
  for (const name of names) await box.run('doc.read', { path: `office/${name}`, from: 1, to: 1 });
  await ScriptedModel.give(box, RULES);
  const field = new Field(box, root, random, Object.values(writers));
  const client = samba?.client();
  const killing = killNowAndThen(field);
  const from = performance.now();
  const [, , processes] = await Promise.all([
    agent(field, names, writers.agent),
    person(field, byPerson, writers.person),
    command(field, names, writers.command, option('own', 50)),
    client && overSamba(field, bySamba, writers.samba, { client, folder: base }),
  ]);
  isOver = true;
  const killed = await killing;
  await client?.close();
  console.log(`  all written after ${Math.round((performance.now() - from) / 1000)} s`);
  console.log(`  ${processes} of the commands were processes of their own, the others one a terminal and kill`);
  const { noticed } = writers.person;
  console.log(`  the box had found by itself ${noticed} saves of the person, ${writers.samba.noticed} over Samba`);
  await box.run('doc.status', { path: 'office', waitMs: 30_000 });
  await checks.check('the daemon was killed while they wrote', () => {
    assert(killed > 0 || kills === 0, 'not once');
    return `${killed} times, and the processes of the command with it`;
  });
} finally {
  isOver = true;
  await box.stop();
  await samba?.stop();
}
await afterwards();
checks.finish();
rmSync(base, { recursive: true, force: true });

/** SIGKILL whenever another part of all is done; writers that need the daemon wait for it. */
async function killNowAndThen(field: Field): Promise<number> {
  const all = Object.values(writers);
  const wanted = all.reduce((sum, { wanted: own }) => sum + own, 0);
  const since = performance.now();
  let done = 0;
  while (!isOver) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const written = all.reduce((sum, { journal }) => sum + journal.length, 0);
    if (done >= kills || written < ((done + 1) * wanted) / (kills + 1)) continue;
    done++;
    field.up = box.kill().then(() => box.restart());
    await Promise.all([field.up, ...[...field.dying].map((die) => die())]);
    const counts = Object.entries(writers).map(([who, { journal }]) => `${who} ${journal.length}`);
    console.log(`  ${Math.round((performance.now() - since) / 1000)} s, kill ${done}: ${counts.join(', ')}`);
  }
  return done;
}

/** Looks at the files of the box itself, with the box stopped. */
async function afterwards(): Promise<void> {
  const alive = setInterval(() => undefined, 1000);
  const found = await DocBox.open({ base });
  await found.room.settled();
  const digests = new Map<string, string[]>();
  const [workspace] = rows.workspaces(found.store);
  const textOf = (name: string, version: number): Buffer => {
    const file = rows.fileAt(found.store, workspace!.id, name)!;
    return found.room.documents.read(found.store, file, version).toBuffer();
  };
  for (const name of names) {
    const { head } = rows.fileAt(found.store, workspace!.id, name)!;
    digests.set(
      name,
      Array.from({ length: head }, (_, i) => digest(textOf(name, i + 1))),
    );
  }
  for (const [who, own] of Object.entries(writers)) {
    if (own.wanted === 0) continue;
    await checks.check(`${who}: everything that was answered or saved is a version, byte for byte`, () => {
      assert(own.problems.length === 0, own.problems.slice(0, 5).join('\n'));
      const wrong = own.journal.map((entry) => fault(entry, digests, textOf)).filter((text) => text !== undefined);
      assert(wrong.length === 0, `${wrong.length} of ${own.journal.length}: ${wrong.slice(0, 5).join('; ')}`);
      assert(own.isDone, `only ${own.journal.length} were answered`);
      const exact = own.journal.filter(({ sha256 }) => sha256 !== undefined).length;
      return `${own.journal.length} answered, ${exact} with their digest, ${own.refused} refused or cut off`;
    });
  }
  await checks.check('every file is the newest version of its document', async () => {
    for (const name of names) {
      assert(digest(readFileSync(join(root, name))) === digests.get(name)!.at(-1), `${name} differs`);
    }
    return `${[...digests.values()].reduce((sum, versions) => sum + versions.length, 0)} versions of ${names.length} documents`;
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
  { name, version, changed, sha256 }: Entry,
  digests: Map<string, string[]>,
  textOf: (name: string, version: number) => Buffer,
): string | undefined {
  const there = digests.get(name)!;
  if (version === undefined) return there.includes(sha256!) ? undefined : `${name}: a save is lost (${sha256})`;
  const now = there[version - 1];
  if (now === undefined) return `${name} v${version} was answered and is lost`;
  if (sha256 !== undefined && sha256 !== now) return `${name} v${version} holds other bytes than were answered`;
  const lines = textOf(name, version).toString().split('\n');
  const other = changed?.find(({ n, text }) => lines[n - 1]?.replace(/\r$/, '') !== text);
  return other && `${name} v${version}, line ${other.n}: ${lines[other.n - 1]} was answered as ${other.text}`;
}
