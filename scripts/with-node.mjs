// Runs a TypeScript script with the right Node and all modules: node scripts/with-node.mjs <script> [args]
import { main, prepare, root } from './setup/index.mjs';
import { withNode } from './setup/node.mjs';
import { runForeground } from './setup/process.mjs';

await main(() => {
  const node = prepare({ dev: true });
  return runForeground(node, process.argv.slice(2), { cwd: root, env: withNode(node) });
});
