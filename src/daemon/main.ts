import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { enableCompileCache } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Compiled code is kept beside the sources: a second start does not strip and compile the same files again.
enableCompileCache();
const { run } = await import('./run.ts');

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
const webRoot = join(root, 'dist', 'web');

await run({
  argv: process.argv.slice(2),
  version: manifest.version,
  webRoot: existsSync(join(webRoot, 'index.html')) ? webRoot : undefined,
});
