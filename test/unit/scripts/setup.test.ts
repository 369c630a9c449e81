import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
// @ts-expect-error plain JavaScript, since it runs before there is anything to read types
import { isInstalled } from '../../../scripts/setup/modules.mjs';
// @ts-expect-error the same
import { isNewEnough } from '../../../scripts/setup/node.mjs';

const ROOT = join(import.meta.dirname, '../../..');
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'jingu-setup-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('which Node', () => {
  it.each([
    ['v20.19.2', false],
    ['22.22.0', false],
    ['24.2.0', false],
    ['24.3.0', true],
    ['v24.21.0', true],
    ['25.0.0', true],
    ['26.1.0', true],
  ])('%s is new enough: %s', (version, expected) => {
    expect(isNewEnough(version)).toBe(expected);
  });
});

describe('whether the modules are those of the lock', () => {
  const entry = (version: string, more: object = {}) => ({ version, integrity: `sha512-${version}`, ...more });
  const LOCK = {
    '': { name: 'x' },
    'node_modules/a': entry('1.0.0'),
    'node_modules/t': entry('2.0.0', { dev: true }),
    'node_modules/native-mac': entry('1.0.0', { optional: true, os: ['darwin'] }),
  };
  function tree(present: Record<string, object> | undefined): { dev: boolean } & Record<string, unknown> {
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: LOCK }));
    mkdirSync(join(root, 'node_modules'));
    if (present) {
      writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages: present }));
    }
    return { dev: false };
  }

  it('nothing is there, or an installation was cut off', () => {
    expect(isInstalled(root, tree(undefined))).toBe(false);
  });

  it('all that running needs is there; tests need more', () => {
    const prod = tree({ 'node_modules/a': entry('1.0.0') });
    expect(isInstalled(root, prod)).toBe(true);
    expect(isInstalled(root, { dev: true })).toBe(false);
  });

  it('more than running needs is there, which is fine', () => {
    expect(
      isInstalled(root, tree({ 'node_modules/a': entry('1.0.0'), 'node_modules/t': entry('2.0.0', { dev: true }) })),
    ).toBe(true);
  });

  it.each([
    ['another version', { 'node_modules/a': entry('1.0.1') }],
    ['other bytes of that version', { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-x' } }],
    ['something the lock does not know', { 'node_modules/a': entry('1.0.0'), 'node_modules/b': entry('1.0.0') }],
    ['less', {}],
  ])('%s is there', (_name, present) => {
    expect(isInstalled(root, tree(present))).toBe(false);
  });
});

describe('the runners', () => {
  it('say which acceptances there are, and fail, when the name is wrong', () => {
    const done = spawnSync(process.execPath, [join(ROOT, 'scripts/accept.ts'), 'no-such'], { encoding: 'utf8' });
    expect(done.status).toBe(2);
    expect(done.stderr).toContain('there is no acceptance "no-such"');
  });

  it('never take an unknown package group for installed', () => {
    const done = spawnSync('sh', [join(ROOT, 'scripts/debian-packages.sh'), 'nonsense'], { encoding: 'utf8' });
    expect(done.status).toBe(2);
  });
});
