import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { digestOf } from './digest.mjs';
import { withNode } from './node.mjs';
import { runQuietly, say } from './process.mjs';

/**
 * Loads the daemon once without starting it, after each change of the sources. A process that strips types itself
 * keeps the compiler for it in memory for good (docs/decisions/0030-a-lean-core.md); this one fills the cache and ends.
 */
export function ensureCompiled(root, node, daemon) {
  const stamp = join(root, 'dist/compiled.stamp');
  const digest = digestOf(root, ['src', 'package-lock.json']);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  say('Compiling …');
  runQuietly(node, [daemon, '--help'], { env: withNode(node) });
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
}
