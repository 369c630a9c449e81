/**
 * `npm run accept -- <name> [arguments]`: runs test/accept/<name>.ts, which ends with a line `N passed, N failed`.
 * `npm run accept -- all` runs each in turn. An acceptance that cannot run here exits 77 and says why on its last
 * line; it is listed by name and is never counted as passed. With --strict an unavailable one fails the run.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** As automake and Debian's autopkgtest have it: 77 = could not run. */
const UNAVAILABLE = 77;
const folder = join(import.meta.dirname, '..', 'test', 'accept');
const names = acceptances();
const args = process.argv.slice(2);
const name = args.find((word) => !word.startsWith('-'));
const running = new Set<ReturnType<typeof spawn>>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    for (const child of running) child.kill(signal);
  });
}

// Acceptances start the real daemon, which serves the page.
spawnSync(process.execPath, [join(import.meta.dirname, 'build-web.mjs')], { stdio: 'inherit' });
if (name === 'all') process.exitCode = await runAll(args.includes('--strict'));
else if (name && names.includes(name)) process.exitCode = (await runOne(name, args.slice(args.indexOf(name) + 1))).code;
else {
  console.error(`${name ? `there is no acceptance "${name}"` : 'which one?'} all, ${names.join(', ')}`);
  process.exitCode = 2;
}

async function runAll(strict: boolean): Promise<number> {
  const sum = { passed: 0, failed: 0 };
  const lines: string[] = [];
  const unavailable: string[] = [];
  for (const each of names) {
    console.log(`\n=== ${each}`);
    const { code, lastLine } = await runOne(each, []);
    const counts = /(\d+) passed, (\d+) failed/.exec(lastLine);
    if (code === UNAVAILABLE) {
      unavailable.push(`${each}: UNAVAILABLE, ${lastLine.replace(/^UNAVAILABLE:?\s*/, '') || 'no reason given'}`);
      continue;
    }
    sum.passed += Number(counts?.[1] ?? 0);
    // An acceptance that failed without counting is one failure, and so is one that forgot its last line.
    sum.failed += Number(counts?.[2] ?? 0) || (code !== 0 || !counts ? 1 : 0);
    lines.push(`${each}: ${counts?.[0] ?? 'no counts'}${code === 0 ? '' : ` (exit ${code})`}`);
  }
  console.log(`\n${[...lines, ...unavailable].join('\n')}`);
  if (unavailable.length > 0) console.log(`${unavailable.length} unavailable, which is not passed`);
  console.log(`${sum.passed} passed, ${sum.failed} failed`);
  return sum.failed > 0 || names.length === 0 || (strict && unavailable.length > 0) ? 1 : 0;
}

/** Shows the output as it comes and keeps its last line. */
function runOne(each: string, rest: string[]): Promise<{ code: number; lastLine: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(folder, `${each}.ts`), ...rest], {
      stdio: ['inherit', 'pipe', 'inherit'],
    });
    running.add(child);
    let tail = '';
    child.stdout.on('data', (chunk: Buffer) => {
      process.stdout.write(chunk);
      tail = (tail + chunk.toString()).slice(-4096);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      running.delete(child);
      resolve({ code: code ?? 1, lastLine: tail.trimEnd().split('\n').at(-1) ?? '' });
    });
  });
}

function acceptances(): string[] {
  try {
    const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));
    return files.map((file) => file.slice(0, -3)).sort();
  } catch {
    return [];
  }
}
