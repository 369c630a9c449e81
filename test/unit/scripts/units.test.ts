import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unitFaults } from '../../../scripts/check/unit-rules.ts';

const FOLDER = join(import.meta.dirname, '../../../systemd');
const services = readdirSync(FOLDER).filter((name) => name.endsWith('.service'));
const text = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

describe('the units', () => {
  it.each(services)('%s does nothing that Node dies of', (name) => {
    expect(unitFaults(name, text(name))).toEqual([]);
  });

  it.each([
    ['MemoryDenyWriteExecute', (unit: string) => `${unit}\nMemoryDenyWriteExecute=yes\n`],
    ['SystemCallErrorNumber', (unit: string) => unit.replace(/^SystemCallErrorNumber=.*$/m, '')],
    ['AF_NETLINK', (unit: string) => unit.replace(' AF_NETLINK', '')],
    ['ProcSubset', (unit: string) => unit.replace('ProcSubset=all', 'ProcSubset=pid')],
    ['HOME', (unit: string) => unit.replaceAll(/HOME=\S+/g, '')],
    ['memory', (unit: string) => unit.replace(/^MemoryMax=.*$/m, '')],
    ['NoNewPrivileges', (unit: string) => unit.replace(/^NoNewPrivileges=.*$/m, 'NoNewPrivileges=no')],
    [
      'CapabilityBoundingSet',
      (unit: string) => unit.replace(/^CapabilityBoundingSet=$/m, 'CapabilityBoundingSet=CAP_NET_ADMIN'),
    ],
  ])('a planted fault is caught: %s', (what, plant) => {
    const planted = plant(text('jingu.service'));
    expect(planted).not.toBe(text('jingu.service'));
    expect(unitFaults('jingu.service', planted)).toEqual([expect.stringContaining(what)]);
  });

  it('the core runs with the flags that npm start gives it', () => {
    const flags = JSON.parse(readFileSync(join(FOLDER, '../src/daemon/node-flags.json'), 'utf8')) as string[];
    expect(text('jingu.service')).toContain(` ${flags.join(' ')} /opt/jingu/src/daemon/main.mjs`);
  });

  it('a comment that names a directive is no directive', () => {
    expect(unitFaults('x.service', `${text('jingu.service')}\n# MemoryDenyWriteExecute=yes\n`)).toEqual([]);
  });
});
