import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * A folder of the shared test data, or `undefined` with a loud line: a check that could not run is never a pass.
 * `JINGU_TEST_DATA` names the data folder; otherwise `shared/data` is looked for beside this tree and above it.
 */
export function testData(path: string): string | undefined {
  const tried: string[] = [];
  const given = process.env['JINGU_TEST_DATA'];
  if (given) tried.push(join(given, path));
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    tried.push(join(folder, 'shared', 'data', path));
  }
  const found = tried.find((candidate) => existsSync(candidate));
  if (!found)
    process.stderr.write(`\nUNAVAILABLE: test data ${path} (set JINGU_TEST_DATA); what needs it did not run\n`);
  return found;
}
