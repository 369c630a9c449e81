import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { digestOf } from './digest.mjs';
import { withNode } from './node.mjs';
import { runQuietly, say } from './process.mjs';

/** All that ends up in the page: its own sources and the browser-safe rooms it imports. */
const SOURCES = ['src/web', 'src/client', 'src/protocol', 'src/common', 'package-lock.json'];

/** Builds `dist/web` unless it was built from these very sources. */
export function ensureWeb(root, node) {
  if (!existsSync(join(root, 'src/web/vite.config.ts'))) return;
  const stamp = join(root, 'dist/web.stamp');
  const digest = digestOf(root, SOURCES);
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
