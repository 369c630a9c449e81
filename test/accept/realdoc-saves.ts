/**
 * Thousands of saves by programs of their own, at random moments and by every way there is, against edits of the box; and
 * the real programs that this machine has. Nothing that was saved is lost. `-- realdoc-saves 500`: fewer, for a quick look.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DocBox } from '../support/doc-box.ts';
import { everyVersion, race, settle, WAYS } from '../support/share-race.ts';
import { assert, Checks } from './support/checks.ts';

const SAVES = Number(process.argv[2] ?? 10_000);
const DOCUMENTS = 12;
const PER_DOCUMENT = 50;
const TEN = Array.from({ length: 10 }, (_, i) => `line ${i + 1}\n`).join('');
const checks = new Checks();
// Timers of the box do not keep a process alive, and all others may be waiting for one of them.
const alive = setInterval(() => undefined, 1000);
try {
  await races();
  await checks.check('a box that throws away what it displaces is found out', async () => {
    let lost = 0;
    for (let seed = 1; lost === 0 && seed < 6; seed++) {
      const race1 = await race({ saves: 20, documents: 8, pauseMs: 200, seed, kernel: 'careless' });
      lost = race1.lost.length;
    }
    assert(lost > 0, 'the race found nothing, so it proves nothing');
    return `${lost} saves lost by it`;
  });
  for (const [program, save] of Object.entries(programs())) await realProgram(program, save);
} finally {
  clearInterval(alive);
}
checks.finish();

async function races(): Promise<void> {
  const sum = { saves: 0, edits: 0, versions: 0 };
  const bad: string[] = [];
  for (let seed = 1; sum.saves < SAVES; seed++) {
    // Every fifth race goes without the calls of the kernel, by second names.
    const kernel = seed % 5 === 0 ? 'none' : 'own';
    const saves = Math.min(PER_DOCUMENT, Math.ceil(SAVES / (WAYS.length * DOCUMENTS)));
    const result = await race({ saves, documents: DOCUMENTS, pauseMs: 250, seed, kernel });
    sum.saves += result.saves;
    sum.edits += result.edits;
    sum.versions += result.versions;
    for (const [what, found] of Object.entries({ ...result, problems: result.problems.map(String) })) {
      if (Array.isArray(found) && found.length > 0)
        bad.push(`seed ${seed}, ${kernel}: ${found.length} ${what}: ${found[0]}`);
    }
  }
  await checks.check(
    `${SAVES} saves racing edits: none lost, histories verify, files agree, nothing left behind`,
    () => {
      assert(bad.length === 0, bad.join('; '));
      assert(sum.edits > sum.saves / 10, `the box edited ${sum.edits} times only`);
      return `${sum.saves} saves, ${sum.edits} edits, ${sum.versions} versions`;
    },
  );
}

type Save = (path: string, work: string) => void;

/** Each changes line 3 of the file to `saved`. */
function programs(): Record<string, Save> {
  const vim = (backupcopy: string): Save => {
    const settings = `set nocompatible backup writebackup backupcopy=${backupcopy}`;
    return (path) =>
      void execFileSync(
        'vim',
        ['-Nu', 'NONE', '-n', '-es', '-c', settings, '-c', '%s/line 3/saved/', '-c', 'wq', path],
        {
          stdio: 'ignore',
        },
      );
  };
  const found: Record<string, Save> = {
    'sed -i': (path) => void execFileSync('sed', ['-i', 's/line 3/saved/', path]),
    cp: (path, work) => {
      writeFileSync(join(work, 'copy'), TEN.replace('line 3', 'saved'));
      execFileSync('cp', [join(work, 'copy'), path]);
    },
    'cp -p with an old time': (path, work) => {
      writeFileSync(join(work, 'copy'), TEN.replace('line 3', 'saved!').replace('line 4', 'line'));
      execFileSync('touch', ['-d', '2020-01-01', join(work, 'copy')]);
      execFileSync('cp', ['-p', join(work, 'copy'), path]);
    },
  };
  if (has('vim')) for (const way of ['no', 'yes', 'auto']) found[`vim, backupcopy=${way}`] = vim(way);
  if (has('rsync')) {
    found['rsync -t'] = (path, work) => {
      writeFileSync(join(work, 'copy'), TEN.replace('line 3', 'saved'));
      execFileSync('rsync', ['-t', join(work, 'copy'), path]);
    };
  }
  if (has('soffice')) {
    found['LibreOffice'] = (path, work) => {
      mkdirSync(join(work, 'from'));
      writeFileSync(
        join(work, 'from', 'a.html'),
        `<p>${TEN.replace('line 3', 'saved').replaceAll('\n', '</p><p>')}</p>`,
      );
      const profile = `-env:UserInstallation=file://${join(work, 'profile')}`;
      const folder = join(path, '..');
      execFileSync(
        'soffice',
        [
          profile,
          '--headless',
          '--convert-to',
          'md:Text (encoded):UTF8',
          '--outdir',
          folder,
          join(work, 'from', 'a.html'),
        ],
        { stdio: 'ignore', timeout: 120_000 },
      );
    };
  }
  return found;
}

function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

async function realProgram(program: string, save: Save): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'jingu-program-'));
  await checks.check(`${program}: its save is one version, no deletion, and an edit on its way is kept`, async () => {
    const box = await DocBox.open({ watch: true });
    try {
      await box.write('a.md', TEN);
      await box.addWorkspace();
      save(join(box.root, 'a.md'), work);
      await settle(box);
      const { versions } = await box.call<{ versions: { source: string; version: number }[] }>('doc.log', {
        path: 'office/a.md',
      });
      const said = versions.map((v) => v.source).join(' ');
      assert(said === 'import import', `its history is: ${said}`);
      const [, saved] = await everyVersion(box, 'office/a.md');
      assert(saved?.includes('saved'), 'the version is not what was saved');
      const verbs = [{ set: '9', text: ['edited'] }];
      const editing = box.call('doc.edit', { path: 'office/a.md', base: 2, verbs });
      execFileSync('sed', ['-i', 's/line 1$/saved again/', join(box.root, 'a.md')]);
      await editing;
      await settle(box);
      const texts = await everyVersion(box, 'office/a.md');
      assert(
        texts.some((text) => text.includes('edited')),
        'the edit is nowhere',
      );
      assert(
        texts.some((text) => text.includes('saved again')),
        'the second save is nowhere',
      );
    } finally {
      await box.destroy();
    }
  });
  rmSync(work, { recursive: true, force: true });
}
