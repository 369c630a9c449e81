/**
 * People save through a real Samba server, as fast as the box edits and writes the same documents. Afterwards every save
 * that the server acknowledged is in some version, all histories verify, and the files are what the histories say.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/common/index.ts';
import { loadKernel } from '../../src/realdoc/projection/kernel.ts';
import { sambaFacts } from '../../src/realdoc/projection/samba-facts.ts';
import { DocBox } from '../support/doc-box.ts';
import { raceOf } from '../support/share-race.ts';
import { assert, Checks, unavailable } from './support/checks.ts';
import { Samba, type SmbClient } from './support/samba.ts';

const CLIENTS = 5;
const DOCUMENTS = 2;
/** Of each document; fewer for a quick look: `-- realdoc-samba 10`. */
const SAVES = Number(process.argv[2] ?? 100);
const packages = spawnSync('sh', [join(import.meta.dirname, '../../scripts/debian-packages.sh'), 'share'], {
  encoding: 'utf8',
});
if (packages.status === 77)
  unavailable(
    packages.stdout
      .trim()
      .split('\n')
      .at(-1)!
      .replace(/^UNAVAILABLE: /, ''),
  );

const base = mkdtempSync(join(tmpdir(), 'jingu-samba-'));
const root = join(base, 'share');
mkdirSync(root);
mkdirSync(join(base, 'people'));
// Timers of the box do not keep a process alive, and all others may be waiting for one of them.
const alive = setInterval(() => undefined, 1000);
const samba = await Samba.start(join(base), root).catch((error: unknown) =>
  unavailable(`smbd does not run here: ${error instanceof Error ? error.message : String(error)}`),
);
const checks = new Checks();
try {
  await saves();
  await openAndMarked();
} finally {
  await samba.stop();
  clearInterval(alive);
  rmSync(base, { recursive: true, force: true });
}
checks.finish();

/** One person: reads the document, writes one more line and saves, in place or by a temporary name. */
async function person(client: SmbClient, who: number): Promise<string[]> {
  const acknowledged: string[] = [];
  const local = join(base, 'people', `${who}.md`);
  for (let i = 0; i < SAVES * DOCUMENTS; i++) {
    const name = `person${who}-${i % DOCUMENTS}.md`;
    const line = `saved by ${who}, ${i}`;
    await client.run(`get ${name} ${local}`);
    writeFileSync(local, `${readFileSync(local, 'utf8')}${line}\n`);
    if ((who + i) % 3 === 0) {
      await client.run(`put ${local} ${name}.new`);
      await client.run(`rename ${name}.new ${name} -f`);
    } else await client.run(`put ${local} ${name}`);
    acknowledged.push(`${name}\t${line}`);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 150));
  }
  return acknowledged;
}

async function saves(): Promise<void> {
  const box = await DocBox.open({ base, root, watch: true, shareFacts: sambaFacts({ clock: systemClock }) });
  const people = Array.from({ length: CLIENTS }, () => samba.client());
  const names = people.flatMap((_, who) => Array.from({ length: DOCUMENTS }, (_n, n) => `person${who}-${n}.md`));
  try {
    const result = await raceOf(box, names, 60, async () => {
      const told = await Promise.all(people.map((client, who) => person(client, who)));
      return told.flat();
    });
    await checks.check(`${CLIENTS * DOCUMENTS * SAVES} saves through Samba against edits of the box`, () => {
      assert(result.saves === CLIENTS * DOCUMENTS * SAVES, `${result.saves} saves were acknowledged`);
      assert(result.edits > 100, `the box edited ${result.edits} times only`);
      return `${result.saves} saves, ${result.edits} edits, ${result.versions} versions`;
    });
    await checks.check('every acknowledged save is in some version', () => {
      assert(result.lost.length === 0, `${result.lost.length} lost: ${result.lost.slice(0, 5).join('; ')}`);
      return '0 lost';
    });
    await checks.check('every history verifies', () => {
      assert(result.problems.length === 0, JSON.stringify(result.problems.slice(0, 3)));
    });
    await checks.check('every file is the newest version of its document, without markers', () => {
      assert(result.different.length === 0, result.different.join(', '));
      const marked = names.filter((name) => /^(?:<<<<<<<|>>>>>>>)/m.test(readFileSync(join(root, name), 'utf8')));
      assert(marked.length === 0, marked.join(', '));
    });
    await checks.check('nothing of the box is left behind', () => {
      assert(result.leftovers.length === 0, result.leftovers.join(', '));
    });
  } finally {
    await Promise.all(people.map((client) => client.close()));
    await box.close();
  }
}

async function openAndMarked(): Promise<void> {
  const folder = join(base, 'second');
  const facts = sambaFacts({ clock: systemClock, command: ['smbstatus', ...samba.asking] });
  mkdirSync(folder);
  const box = await DocBox.open({ base: folder, root: join(root, 'open'), shareFacts: facts });
  const client = samba.client();
  const local = join(base, 'people', 'file');
  const status = async (name: string): Promise<{ state: string; reason?: string }> => {
    const path = `office/${name}`;
    const { documents } = await box.call<{ documents: { state: string; reason?: string }[] }>('doc.status', { path });
    return documents[0]!;
  };
  const scan = async (): Promise<void> => {
    await box.room.scan(box.room.workspace('office'));
    await box.room.settled();
  };
  try {
    await box.addWorkspace();
    await client.run('cd open');
    await checks.check(
      'a file that a client has open waits, says who has it, and is written when it is closed',
      async () => {
        for (const bytes of ['one', 'two']) {
          writeFileSync(local, Buffer.from(`\u0000binary ${bytes}`));
          await client.run(`put ${local} report.doc`);
          await scan();
        }
        const opened = await client.run('open report.doc');
        await box.call('doc.rollback', { path: 'office/report.doc', to: 'v1' });
        await box.room.settled();
        const held = await status('report.doc');
        assert(held.state === 'held', `it is ${held.state}`);
        assert(/open elsewhere \(\S+ \(127\.0\.0\.1\)\)/.test(held.reason ?? ''), `it says ${held.reason}`);
        await client.run(`close ${/fnum (\d+)/.exec(opened)?.[1] ?? '1'}`);
        // What Samba said is believed for two seconds.
        await new Promise((resolve) => setTimeout(resolve, 2100));
        await scan();
        const written = await status('report.doc');
        assert(written.state === 'written', `${written.state}: ${written.reason}`);
        assert(readFileSync(join(root, 'open', 'report.doc'), 'latin1').endsWith('one'), 'the old text is not there');
        return held.reason;
      },
    );
    await checks.check('what Samba keeps beside a file survives an edit of the box', async () => {
      writeFileSync(local, 'one\ntwo\n');
      await client.run(`put ${local} a.md`);
      await client.run('setmode a.md +h');
      await scan();
      const kernel = await loadKernel();
      assert(kernel, 'the calls of the kernel did not load');
      const before = kernel.attributes(join(root, 'open', 'a.md')).get('user.DOSATTRIB');
      assert(before, 'Samba kept nothing: the disk has no extended attributes');
      await box.call('doc.edit', { path: 'office/a.md', base: 1, verbs: [{ set: '1', text: ['edited'] }] });
      await box.room.settled();
      assert(readFileSync(join(root, 'open', 'a.md'), 'utf8') === 'edited\ntwo\n', 'the edit is not on the share');
      const after = kernel.attributes(join(root, 'open', 'a.md')).get('user.DOSATTRIB');
      assert(after && before.equals(after), 'the attributes differ');
    });
    await checks.check('a file that a client marked read-only is left alone until the mark is gone', async () => {
      await client.run('setmode a.md +r');
      await box.call('doc.edit', { path: 'office/a.md', base: 2, verbs: [{ set: '2', text: ['again'] }] });
      await box.room.settled();
      assert((await status('a.md')).reason === 'the file is read-only', `it says ${(await status('a.md')).reason}`);
      await client.run('setmode a.md -r');
      await scan();
      assert(readFileSync(join(root, 'open', 'a.md'), 'utf8') === 'edited\nagain\n', 'the edit is not on the share');
    });
  } finally {
    await client.close();
    await box.close();
  }
}
