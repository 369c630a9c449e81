// `npm start`: from a bare machine to a running box. Each step does nothing when its result is already there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureCompiled } from './setup/compiled.mjs';
import { main, prepare, root } from './setup/index.mjs';
import { withNode } from './setup/node.mjs';
import { runForeground, say } from './setup/process.mjs';
import { ensureWeb } from './setup/web.mjs';

const NO_MODEL = '--no-starter-model';

await main(async () => {
  const args = process.argv.slice(2);
  const node = prepare({ dev: false });
  ensureWeb(root, node);
  const daemon = join(root, 'src/daemon/main.mjs');
  ensureCompiled(root, node, daemon);
  const env = withNode(node);
  if (!args.includes(NO_MODEL) && !args.includes('--help')) {
    const rc = await runForeground(node, [join(root, 'scripts/starter-model.ts')], {
      env: withProxy(env),
      // Its answer, the path, is for scripts.
      stdio: ['inherit', 'ignore', 'inherit'],
    });
    // 3 = no source had it; the box starts all the same. Anything above 128 is the person's Ctrl-C.
    if (rc > 128) return rc;
    if (rc !== 0 && rc !== 3) say(`Fetching the starter model ended with ${rc}; starting without it.`);
  }
  const flags = JSON.parse(readFileSync(join(root, 'src/daemon/node-flags.json'), 'utf8'));
  return runForeground(node, [...flags, daemon, ...args.filter((arg) => arg !== NO_MODEL)], { env });
});

/** Node's fetch follows HTTPS_PROXY only when asked to. */
function withProxy(env) {
  const proxied = env.HTTPS_PROXY ?? env.https_proxy ?? env.HTTP_PROXY ?? env.http_proxy;
  return proxied ? { ...env, NODE_USE_ENV_PROXY: '1' } : env;
}
