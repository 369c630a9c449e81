/**
 * `npm run check:units`: the rules that `systemd-analyze` does not know, then `verify`, then `security` with a
 * threshold a unit, whose exposure figures are printed. Exit 77 without systemd-analyze, after the rules.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseUnit, unitFaults } from './check/unit-rules.ts';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'systemd');
/** Highest exposure times ten, as `--threshold` counts. */
const THRESHOLDS: Record<string, number> = {
  'jingu.service': 15,
  'jingu-egress@.service': 15,
  'jingu-beacon@.service': 15,
  'jingu-engine@.service': 10,
  'jingu-parse@.service': 10,
};

const names = readdirSync(folder).filter((name) => /\.(service|socket)$/.test(name));
const services = names.filter((name) => name.endsWith('.service'));
const faults = services.flatMap((name) => [...unitFaults(name, read(name)), ...programFaults(name)]);
let passed = services.length - new Set(faults.map((fault) => fault.split(':')[0])).size;
for (const fault of faults) console.log(fault);

const version = /systemd (\d+)/.exec(
  spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' }).stdout ?? '',
)?.[1];
if (version === undefined) {
  console.log('UNAVAILABLE: systemd-analyze is not on this machine, so units were neither verified nor scored');
  process.exitCode = faults.length > 0 ? 1 : 77;
} else {
  analyse();
  console.log(`${passed} passed, ${faults.length} failed`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}

function analyse(): void {
  // verify wants the programs to exist, so the copies it sees name this Node and this tree.
  const copies = mkdtempSync(join(tmpdir(), 'jingu-units-'));
  try {
    for (const name of names) {
      const here = read(name)
        .replaceAll('/opt/jingu/bin/node', process.execPath)
        .replaceAll('/opt/jingu/src', `${root}/src`);
      writeFileSync(join(copies, name), here);
    }
    const verify = spawnSync('systemd-analyze', ['verify', ...names.map((name) => join(copies, name))], {
      encoding: 'utf8',
    });
    // systemd before 253 does not know OpenFile= and says that it goes on without it.
    const said = verify.stderr
      .split('\n')
      .filter((line) => line && !(Number(version) < 253 && /'OpenFile'/.test(line)));
    judge('systemd-analyze verify', verify.status === 0 && said.length === 0, said.join('\n'));
    for (const name of services) {
      const limit = THRESHOLDS[name];
      const args = ['security', '--offline=yes', `--threshold=${limit ?? 0}`, join(copies, name)];
      const score = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
      const exposure = /exposure level for \S+: ([\d.]+)/.exec(score.stdout)?.[1] ?? 'unknown';
      console.log(`${name}: exposure ${exposure}, at most ${((limit ?? 0) / 10).toFixed(1)} (systemd ${version})`);
      judge(`${name} exposure`, limit !== undefined && score.status === 0, `${name} is more exposed than it may be`);
    }
  } finally {
    rmSync(copies, { recursive: true, force: true });
  }
}

function judge(name: string, good: boolean, why: string): void {
  if (good) passed++;
  else faults.push(`${name}: ${why}`);
  if (!good) console.log(`${name} FAILED\n${why}`);
}

function programFaults(name: string): string[] {
  const program = parseUnit(name, read(name)).get('ExecStart')[0]?.split(' ').at(-1)?.replace('/opt/jingu', root);
  return program && existsSync(program) ? [] : [`${name}: starts ${program}, which does not exist`];
}

function read(name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}
