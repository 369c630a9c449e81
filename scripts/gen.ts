/**
 * Writes the files that are made from the declarations: reference pages, OpenAPI, AsyncAPI. With --check it writes
 * nothing and exits 1 when one of them is not as it should be.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asyncApi } from './gen/asyncapi.ts';
import { collectOperations } from './gen/collect.ts';
import { openApi } from './gen/openapi.ts';
import { cliPage, configPage, errorsPage, eventsPage, operationsPage } from './gen/reference.ts';

const root = join(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const operations = await collectOperations(root);

const files: Record<string, string> = {
  'docs/reference/operations.md': operationsPage(operations),
  'docs/reference/errors.md': errorsPage(),
  'docs/reference/events.md': eventsPage(),
  'docs/reference/config.md': configPage(),
  'docs/reference/cli.md': cliPage(),
  'docs/api/openapi.json': `${JSON.stringify(openApi(operations, version), null, 1)}\n`,
  'docs/api/asyncapi.json': `${JSON.stringify(asyncApi(operations, version), null, 1)}\n`,
};

const stale = Object.keys(files).filter((path) => readOr(join(root, path)) !== files[path]);
if (process.argv.includes('--check')) {
  for (const path of stale) console.error(`${path} is not what the declarations say: npm run gen`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const path of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), files[path]!);
  }
  console.log(
    `${operations.length} operations; ${stale.length > 0 ? `written: ${stale.join(', ')}` : 'nothing to write'}`,
  );
}

function readOr(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
