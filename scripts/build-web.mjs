// Builds dist/web if its sources changed.
import { main, prepare, root } from './setup/index.mjs';
import { ensureWeb } from './setup/web.mjs';

await main(() => {
  ensureWeb(root, prepare({ dev: false }));
  return 0;
});
