import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeConfig, describeProblems, type LoadInput, loadConfig } from '../../../src/config/index.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'jingu-config-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const LAN = { eth0: [{ address: '192.168.1.9', internal: false }] };
const load = (input: LoadInput = {}) =>
  loadConfig({ argv: [], cwd: home, interfaces: LAN, ...input, env: { HOME: home, ...input.env } });

function file(text: string): string {
  const path = join(home, 'jingu.toml');
  writeFileSync(path, text);
  return path;
}

function good(input?: LoadInput) {
  const loaded = load(input);
  if (!loaded.ok) throw new Error(describeProblems(loaded.problems).join('\n'));
  return loaded;
}

function bad(input?: LoadInput) {
  const loaded = load(input);
  if (loaded.ok) throw new Error('expected problems');
  return loaded;
}

describe('where a setting comes from', () => {
  it('has a right default for everything', () => {
    expect(good().config).toEqual({
      data: join(home, '.local/share/jingu'),
      port: 7443,
      bind: [],
      hosts: [],
      name: 'Jingu',
      beacon: true,
      models: join(home, '.cache/jingu/models'),
      logLevel: 'info',
      historyGb: 0,
      workspaceHistoryGb: 0,
      workspaces: [],
    });
  });

  it('lets a flag win over a variable, a variable over the file, the file over the default', () => {
    const config = file('port = 1\nname = "A"\nlogLevel = "debug"\n');
    const loaded = good({
      env: { JINGU_PORT: '2', JINGU_NAME: 'B' },
      argv: ['--config', config, '--port=3'],
    });
    expect(loaded.config).toMatchObject({ port: 3, name: 'B', logLevel: 'debug' });
    expect(loaded.sources).toMatchObject({ port: 'flag', name: 'environment', logLevel: 'file', beacon: 'default' });
  });

  it('finds jingu.toml in the data directory it was given', () => {
    const data = join(home, 'box');
    mkdirSync(data);
    writeFileSync(join(data, 'jingu.toml'), 'beacon = false\n[[workspaces]]\nname = "docs"\nroot = "~/docs"\n');
    const { config } = good({ argv: ['--data', 'box'] });
    expect(config).toMatchObject({ data, beacon: false, workspaces: [{ name: 'docs', root: join(home, 'docs') }] });
  });

  it('takes the state directory that systemd gives', () => {
    expect(good({ env: { STATE_DIRECTORY: '/var/lib/jingu' } }).config.data).toBe('/var/lib/jingu');
  });

  it('reads lists from repeated flags and from commas', () => {
    expect(good({ argv: ['--bind', '127.0.0.1', '--bind', '10.0.0.1,::1'] }).config.bind).toEqual([
      '127.0.0.1',
      '10.0.0.1',
      '::1',
    ]);
    expect(good({ argv: ['--no-beacon'] }).config.beacon).toBe(false);
  });

  it('shows every setting with its flag and variable', () => {
    expect(describeConfig().map((row) => [row.flag, row.variable])).toContainEqual(['--log-level', 'JINGU_LOG_LEVEL']);
    expect(describeConfig().every((row) => row.description.length > 10)).toBe(true);
  });
});

describe('what cannot be used', () => {
  it('names a mistyped key and the nearest one, and still brings up the rest', () => {
    const path = file('prot = 8443\nname = "Office"\n');
    const loaded = bad({ argv: ['--config', path] });
    expect(loaded.problems).toEqual([
      { key: 'prot', source: 'file', where: path, reason: 'there is no such setting', nearest: 'port' },
    ]);
    expect(describeProblems(loaded.problems)[0]).toBe(
      `The setting "prot" from ${path} cannot be used: there is no such setting (did you mean "port"?).`,
    );
    expect(loaded.safeConfig).toMatchObject({ port: 7443, name: 'Office' });
  });

  it.each([
    [{ env: { JINGU_PROT: '1' } }, 'JINGU_PROT', 'JINGU_PORT'],
    [{ argv: ['--prot', '1'] }, '--prot', '--port'],
  ])('does not ignore a mistyped variable or flag: %j', (input, key, nearest) => {
    expect(bad(input).problems[0]).toMatchObject({ key, nearest });
  });

  it.each([
    ['port = "many"', 'port'],
    ['port = 70000', 'port'],
    ['logLevel = "loud"', 'logLevel'],
    ['[[workspaces]]\nname = "x"', 'workspaces'],
    ['hosts = ["Not A Host"]', 'hosts'],
  ])('refuses %s and says which key', (text, key) => {
    const loaded = bad({ argv: ['--config', file(text)] });
    expect(loaded.problems.map((problem) => problem.key)).toEqual([key]);
  });

  it('says the line of a file that is no TOML', () => {
    const loaded = bad({ argv: ['--config', file('port = 1\nname = "open\n')] });
    expect(loaded.problems[0]).toMatchObject({ key: '(file)', reason: expect.stringContaining('line 2') });
  });

  it('does not go on without a file it was told to read', () => {
    expect(bad({ argv: ['--config', 'absent.toml'] }).problems[0]?.reason).toBe('the file does not exist');
  });

  it('falls back to loopback when the addresses are refused', () => {
    const loaded = bad({ argv: ['--bind', '8.8.8.8'] });
    expect(loaded.problems[0]).toMatchObject({ key: 'bind', reason: expect.stringContaining('public address') });
    expect(loaded.safeConfig.bind).toEqual(['127.0.0.1', '::1']);
  });

  it('says when the value of a flag is missing', () => {
    expect(bad({ argv: ['--port'] }).problems[0]).toMatchObject({ key: 'port', reason: 'its value is missing' });
  });
});
