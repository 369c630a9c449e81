import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where test data may lie: `JINGU_TEST_DATA`, or `shared/data` beside this tree and above it. */
function folders(): string[] {
  const given = process.env['JINGU_TEST_DATA'];
  const found = given ? [given] : [];
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    found.push(join(folder, 'shared', 'data'));
  }
  return found;
}

/** Why there is no test data at all; `undefined` where there is a folder for it, even if something in it is missing. */
export function whyNoData(): string | undefined {
  const isThere = Boolean(process.env['JINGU_TEST_DATA']) || folders().some((folder) => existsSync(folder));
  return isThere ? undefined : 'no folder shared/data beside this tree or above it, and JINGU_TEST_DATA is not set';
}

/** A file or folder of the shared test data, or `undefined` with a loud line: a check that could not run is never a pass. */
export function testData(path: string): string | undefined {
  const found = folders()
    .map((folder) => join(folder, path))
    .find((candidate) => existsSync(candidate));
  if (!found)
    process.stderr.write(`\nUNAVAILABLE: test data ${path} (set JINGU_TEST_DATA); what needs it did not run\n`);
  return found;
}
