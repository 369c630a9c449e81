/**
 * `skips-main.ts REPORT`: says which tests of a run were skipped and why. Where `CI` is set, exit 1 for a skip that
 * `test/allowed-skips.ts` does not name, or names for a machine unlike this one: a check that did not run is no pass.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allowedSkips } from '../allowed-skips.ts';
import { whyNot } from './needs.ts';
import { judgeSkips, skippedIn } from './skips.ts';

const root = join(import.meta.dirname, '../..');
const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: skips-main.ts REPORT');
const skipped = skippedIn(JSON.parse(readFileSync(path, 'utf8')), root);
const { lines, refused } = await judgeSkips(skipped, allowedSkips, whyNot);
for (const line of lines) process.stdout.write(`${line}\n`);
const { CI } = process.env;
const isCi = CI !== undefined && !['', '0', 'false'].includes(CI);
if (refused > 0 && isCi) {
  process.stdout.write(`${refused} skipped without leave: in CI that is a failure\n`);
  process.exitCode = 1;
}
