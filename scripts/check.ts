/**
 * `npm run check [-- name...]`: everything a machine checks cheaply. Each step runs even when one before it failed, so
 * one look shows all there is to do. Exit 1 when any failed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { roomFaults } from './check/rooms.ts';

const root = join(import.meta.dirname, '..');

/** A step says nothing when all is well; otherwise what is wrong. */
const steps: Record<string, () => string> = {
  types: () => node('typescript/bin/tsc', '-p', '.'),
  'format and lint': () => node('@biomejs/biome/bin/biome', 'ci', '--colors=off', '--max-diagnostics=30', '.'),
  arrows: () =>
    node('dependency-cruiser/bin/dependency-cruiser.mjs', 'src', 'scripts', '--config', '.dependency-cruiser.cjs'),
  rooms: () => roomFaults(root).join('\n'),
  'dead code': () => node('knip/bin/knip.js', '--no-progress'),
  'generated files': () => script('gen.ts', '--check'),
  'lock file': () => script('complete-lock.ts', '--check'),
};

const asked = process.argv.slice(2);
const chosen = Object.entries(steps).filter(
  ([name]) => asked.length === 0 || asked.some((word) => name.includes(word)),
);
let failed = 0;
for (const [name, run] of chosen) {
  const from = performance.now();
  const faults = run();
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  console.log(`${faults === '' ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (faults === '') continue;
  failed++;
  console.log(`${faults.trimEnd().replaceAll(/^/gm, '  ')}`);
}
console.log(`${chosen.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 || chosen.length === 0 ? 1 : 0;

function node(program: string, ...args: string[]): string {
  return run([join('node_modules', program), ...args]);
}

function script(name: string, ...args: string[]): string {
  return run([join('scripts', name), ...args]);
}

function run(args: string[]): string {
  if (!existsSync(join(root, args[0]!))) return `${args[0]} is missing`;
  const done = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (done.status === 0) return '';
  return `${done.stdout}${done.stderr}`.trim() || `ended with ${done.status ?? done.signal}`;
}
