import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureModules } from './modules.mjs';
import { ensureNode } from './node.mjs';
import { say } from './process.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Node and modules, ready to run the sources. Returns the path of that Node. */
export function prepare({ dev }) {
  const node = ensureNode();
  ensureModules(root, node, { dev });
  return node;
}

/** Runs a script's main function: its number is the exit code, a throw is one message without a stack. */
export async function main(run) {
  try {
    process.exitCode = await run();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
