import { symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'vite';

const ROOT = join(import.meta.dirname, '../..');
/** They bring machine code or files of their own. */
const APART = ['better-sqlite3', 'koffi', 'unpdf', '@vscode/tree-sitter-wasm'];

/** Threads begin at files of their own, beside the code that starts them. */
const WORKERS = ['store/wal-worker.ts', 'store/database-check-worker.ts', 'realdoc/storage/pack-worker.ts'];

/** Path of a program of this folder. */
export function sourceOf(name: string): string {
  return join(import.meta.dirname, `${name}.ts`);
}

/**
 * Puts a program of this folder and all it imports into one file below `folder`: it starts in half the time, and thousands
 * of starts are most of what the kills cost. The code is the same, not minified.
 */
export async function bundled(name: string, folder: string): Promise<string> {
  const outDir = join(folder, 'bundle');
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external: APART },
    build: { ssr: sourceOf(name), outDir, minify: false },
  });
  symlinkSync(join(ROOT, 'node_modules'), join(outDir, 'node_modules'));
  for (const worker of WORKERS) symlinkSync(join(ROOT, 'src', worker), join(outDir, basename(worker)));
  return join(outDir, `${name}.js`);
}
