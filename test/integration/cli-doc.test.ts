import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataOf, jingu } from '../support/jingu.ts';
import { LiveBox } from '../support/live-box.ts';
import { lacks } from '../support/needs.ts';
import { onTerminal } from '../support/on-terminal.ts';

const FIRST = 'Minutes\n\nWe meet on Tuesday at nine.\nThe notice period is 30 days.\nNobody objected.\n';
let box: LiveBox;
let folder: string;
const run = (...args: string[]) => jingu(box.data, args);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jingu-cli-doc-'));
  writeFileSync(join(folder, 'minutes.md'), FIRST);
  box = await LiveBox.start();
  await box.run('workspace.add', { name: 'office', root: folder });
  for (const [i, [find, replace]] of [
    ['Tuesday', 'Thursday'],
    ['30 days', '60 days'],
  ].entries()) {
    const verbs = `sub ${3 + i} "${find}" -> "${replace}"`;
    dataOf(
      await run(
        'doc',
        'edit',
        'office/minutes.md',
        '--base',
        String(i + 1),
        '--verbs',
        verbs,
        '--note',
        `Change ${i + 1}`,
      ),
    );
  }
}, 60_000);
afterAll(async () => {
  await box?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const noGit = await lacks('git');
describe('taking files in by command', () => {
  it('makes any file a document, and says what is wrong with the words', async () => {
    const file = join(folder, '..', `${Date.now()}-scan.png`);
    const bytes = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(100_000)]);
    writeFileSync(file, bytes);
    const made = dataOf<{ path: string; version: number }>(await run('doc', 'add', 'office/scans/', file));
    expect(made).toMatchObject({ path: `office/scans/${basename(file)}`, version: 1 });
    await run('doc', 'status', made.path, '--wait-ms', '5000');
    expect(readFileSync(join(folder, 'scans', basename(file))).equals(bytes)).toBe(true);
    const again = await run('doc', 'add', made.path, file);
    expect(again.stderr).toContain('DOC_EXISTS');
    expect((await run('doc', 'add', 'office/x.png')).code).toBe(2);
    expect((await run('doc', 'add', 'office/x.png', `${file}.none`)).stderr).toContain('there is no file');
    rmSync(file);
  });
});

describe('taking documents out by command', () => {
  it('shows a version byte for byte in a pipe, whatever the newest one is', async () => {
    expect((await run('doc', 'show', 'office/minutes.md', 'v1')).stdout).toBe(FIRST);
    expect((await run('doc', 'show', 'office/minutes.md')).stdout).toContain('Thursday');
    expect((await run('doc', 'show', 'office/minutes.md', 'v9')).stderr).toContain('DOC_VERSION_UNKNOWN');
    const { lines } = dataOf<{ lines: unknown[] }>(await run('doc', 'show', 'office/minutes.md', '--json'));
    expect(lines).toHaveLength(5);
  });

  it('puts a version or a whole history into a file, and never over one that is there', async () => {
    const file = join(folder, '..', `${Date.now()}-out.md`);
    const done = dataOf<{ file: string; version: number }>(
      await run('doc', 'export', 'office/minutes.md', '-o', file, '--at', 'v1'),
    );
    expect(done).toMatchObject({ file: expect.stringContaining('-out.md'), version: 1 });
    expect(readFileSync(file, 'utf8')).toBe(FIRST);
    const again = await run('doc', 'export', 'office/minutes.md', '-o', file);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('--force')]);
    expect(readFileSync(file, 'utf8')).toBe(FIRST);
    dataOf(await run('doc', 'export', 'office/minutes.md', '-o', file, '--force'));
    expect(readFileSync(file, 'utf8')).toContain('60 days');
    const git = dataOf<{ versions: number }>(
      await run('doc', 'export', 'office', '--form', 'git', '-o', file, '--force'),
    );
    expect(git.versions).toBe(3);
    expect(readFileSync(file, 'latin1').startsWith('# v2 git bundle\n')).toBe(true);
    rmSync(file);
  });

  it.skipIf(noGit)('git reads the history that was put into a file', async () => {
    const file = join(folder, '..', `${Date.now()}-out.bundle`);
    dataOf(await run('doc', 'export', 'office', '--form', 'git', '-o', file));
    expect(spawnSync('git', ['bundle', 'list-heads', file]).stdout.toString()).toContain('refs/heads/main');
    rmSync(file);
  });
});

describe.skipIf(await lacks('script'))('documents for people', () => {
  const shown = async (...args: string[]) => (await onTerminal(args, { data: box.data, env: { PAGER: 'cat' } })).screen;
  const bare = (screen: string) => stripVTControlCharacters(screen).replaceAll('\r', '');

  it('a log says which, when, who, what and why, and groups what belongs together', async () => {
    const screen = await shown('doc', 'log', 'office/minutes.md');
    expect(bare(screen)).toMatch(
      /^v2–v3 +\d{4}-\d\d-\d\d \d\d:\d\d +\S+ +edit +\+2 -2 +Change 2\n +Change 1\nv1 .* the share +import +\+5 -0/,
    );
    const each = bare(await shown('doc', 'log', 'office/minutes.md', '--no-group'));
    expect(each.split('\n').filter((line) => /^v\d /.test(line))).toHaveLength(3);
  });

  it('a diff marks the very words, in colour and word by word', async () => {
    const screen = await shown('doc', 'diff', 'office/minutes.md', 'v1', 'v3');
    expect(bare(screen)).toContain('office/minutes.md  v1 → v3  +2 -2');
    expect(screen).toContain('\u001b[31m\u001b[7mTuesday\u001b[27m\u001b[39m');
    const words = bare(await shown('doc', 'diff', 'office/minutes.md', 'v1', 'v3', '--words'));
    expect(words).toContain('We meet on [-Tuesday-]{+Thursday+} at nine.');
  });

  it('blame names the version beside each line', async () => {
    const lines = bare(await shown('doc', 'blame', 'office/minutes.md'))
      .trimEnd()
      .split('\n');
    expect(lines[0]).toMatch(/^v1 +\d{4}-\d\d-\d\d +the share +1 +Minutes$/);
    expect(lines[1]).toMatch(/^ +2$/);
    expect(lines[2]).toMatch(/^v2 .* 3 +We meet on Thursday/);
    expect(lines[4]).toMatch(/^v1 .* 5 +Nobody objected/);
  });

  it('a rollback says what it did and how it is taken back, and taking it back works as said', async () => {
    const done = bare(await shown('doc', 'rollback', 'office/minutes.md', 'v1'));
    expect(done).toMatch(/^office\/minutes\.md {2}v4 {2}\+2 -2\n[\s\S]*3 {2}We meet on Tuesday/);
    const command = /Take it back: jingu (.*)/.exec(done)![1]!;
    expect(bare(await shown(...command.split(' ')))).toMatch(/^office\/minutes\.md {2}v5/);
    expect((await run('doc', 'show', 'office/minutes.md')).stdout).toContain('Thursday');
  });

  it('long text goes through the pager, short text does not', async () => {
    const env = { PAGER: "sed -e 's/^/paged: /'" };
    writeFileSync(join(folder, 'long.md'), 'line\n'.repeat(300));
    const long = await onTerminal(['doc', 'show', 'office/long.md'], { data: box.data, env });
    expect(
      bare(long.screen)
        .split('\n')
        .filter((line) => line.startsWith('paged: ')),
    ).toHaveLength(301);
    const short = await onTerminal(['doc', 'show', 'office/minutes.md'], { data: box.data, env });
    expect(short.screen).not.toContain('paged');
    const none = await onTerminal(['doc', 'show', 'office/long.md'], {
      data: box.data,
      env: { PAGER: 'no-such-pager' },
    });
    expect(bare(none.screen)).toContain('300  line');
  });
});
