/**
 * `npm run bench -- <name> [--json] [arguments]`: runs bench/<name>.ts and passes the rest on. A benchmark prints for
 * people, or with --json one object `{name, machine, figures}`; nothing is timed in tests.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..', 'bench');
const names = existsSync(folder)
  ? readdirSync(folder)
      .filter((file) => file.endsWith('.ts'))
      .map((file) => file.slice(0, -3))
      .sort()
  : [];
const [name, ...rest] = process.argv.slice(2);

if (name && names.includes(name)) {
  // --expose-gc lets a benchmark settle the heap before it measures memory.
  const done = spawnSync(process.execPath, ['--expose-gc', join(folder, `${name}.ts`), ...rest], { stdio: 'inherit' });
  process.exitCode = done.status ?? 1;
} else {
  console.error(`${name ? `there is no benchmark "${name}"` : 'which one?'} ${names.join(', ')}`);
  process.exitCode = 2;
}
