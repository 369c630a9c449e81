/**
 * The same log gives the same bytes, and the same calls give the same splices, in another folder, locale and time zone:
 * `--calls N` (400), `--places N` (4), `--seed N`. Each box is a process of its own.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, Checks } from './support/checks.ts';

const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? Number(process.argv[at + 1]) : otherwise;
};
const calls = option('calls', 400);
const seed = option('seed', Date.now() % 1_000_000);
const PROGRAM = new URL('./support/same-box.ts', import.meta.url).pathname;
const PLACES = [
  { LC_ALL: 'C', LANG: 'C', TZ: 'UTC' },
  { LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8', TZ: 'America/St_Johns' },
  { LC_ALL: 'de_DE.UTF-8', LANG: 'de_DE.UTF-8', TZ: 'Pacific/Auckland' },
  { LC_ALL: 'ar_EG.UTF-8', LANG: 'zh_CN.UTF-8', TZ: 'Asia/Tokyo' },
].slice(0, option('places', 4));

interface Fingerprint {
  locale: string;
  timeZone: string;
  documents: Record<string, string[]>;
}

const folder = mkdtempSync(join(tmpdir(), 'jingu-same-'));
const checks = new Checks();
console.log(`${calls} calls, seed ${seed}`);
try {
  const first = box('make', join(folder, 'first'), PLACES[0]!);
  const versions = Object.values(first.documents).flat();
  await checks.check('the first box has made versions, and each is replayed as it was', () => {
    // Many calls are refused, as those of people are: a word that is not there, a character that the encoding does not have.
    assert(versions.length > calls / 4, `only ${versions.length} versions`);
    const wrong = versions.filter((version) => !version.includes(' true '));
    assert(wrong.length === 0, wrong.join('\n'));
    return `${versions.length} versions`;
  });
  for (const [n, place] of PLACES.entries()) {
    await checks.check(`the same log, ${named(place)}: every version byte for byte`, () => {
      const copy = join(folder, `a copy ${n}`, 'deeper'.repeat(n));
      cpSync(join(folder, 'first'), copy, { recursive: true, preserveTimestamps: true });
      return same(box('read', copy, place), first, place);
    });
    if (n === 0) continue;
    await checks.check(`the same calls, ${named(place)}: the same splices`, () =>
      same(box('make', join(folder, `second-${n}`), place), first, place),
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
checks.finish();

function box(what: 'make' | 'read', base: string, place: Record<string, string>): Fingerprint {
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, NODE_COMPILE_CACHE: join(folder, 'compiled'), ...place };
  const child = spawnSync(process.execPath, [PROGRAM, what, base, String(seed), String(calls)], {
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (child.status !== 0) throw new Error(`the box ended with ${child.status}: ${child.stderr}`);
  return JSON.parse(child.stdout) as Fingerprint;
}

/** Says where two boxes differ first. Throws if the place had no effect on the process at all. */
function same(other: Fingerprint, first: Fingerprint, place: { TZ: string }): string {
  assert(other.timeZone === place.TZ, `the time zone is ${other.timeZone}`);
  for (const [path, versions] of Object.entries(first.documents)) {
    const theirs = other.documents[path] ?? [];
    for (const [i, version] of versions.entries())
      assert(theirs[i] === version, `${path}:\n${version}\n${theirs[i] ?? 'nothing'}`);
    assert(theirs.length === versions.length, `${path} has ${theirs.length} versions`);
  }
  return `${other.locale}, ${other.timeZone}`;
}

function named(place: { LC_ALL: string; TZ: string }): string {
  return `${place.LC_ALL}, ${place.TZ}`;
}
