import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { withNode } from './node.mjs';
import { runQuietly, say } from './process.mjs';

/** All that ends up in the page: its own sources and the browser-safe rooms it imports. */
const SOURCES = ['src/web', 'src/client', 'src/protocol', 'src/common', 'package-lock.json'];

/** Builds `dist/web` unless it was built from these very sources. */
export function ensureWeb(root, node) {
  if (!existsSync(join(root, 'src/web/vite.config.ts'))) return;
  const stamp = join(root, 'dist/web.stamp');
  const digest = digestOf(root);
  const built = existsSync(join(root, 'dist/web/index.html'));
  if (built && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  say('Building the web page …');
  rmSync(stamp, { force: true });
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  runQuietly(node, [vite, 'build', '--config', 'src/web/vite.config.ts', '--logLevel', 'warn'], {
    cwd: root,
    env: { ...withNode(node), NODE_ENV: 'production' },
  });
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
}

function digestOf(root) {
  const hash = createHash('sha256');
  for (const path of SOURCES.flatMap((source) => filesOf(join(root, source)))) {
    hash
      .update(`${relative(root, path)}\0`)
      .update(readFileSync(path))
      .update('\0');
  }
  return hash.digest('hex');
}

function filesOf(path) {
  if (!existsSync(path)) return [];
  try {
    const entries = readdirSync(path, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
      .sort();
  } catch {
    return [path];
  }
}
