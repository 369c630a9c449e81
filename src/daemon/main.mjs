// Plain JavaScript: a TypeScript entry would be stripped before the cache below is on, by a compiler in WebAssembly that
// then stays in memory (17 MB, and 0.2 s of every start; docs/decisions/0030-a-lean-core.md).
import { existsSync, readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// NODE_COMPILE_CACHE wins. Never the shared /tmp, Node's default: what lies there would be run.
enableCompileCache(join(homedir(), '.cache', 'jingu', 'compile'));
const { run } = await import('./run.ts');

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const webRoot = join(root, 'dist', 'web');

await run({
  argv: process.argv.slice(2),
  version: manifest.version,
  webRoot: existsSync(join(webRoot, 'index.html')) ? webRoot : undefined,
});
