import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** Rooms whose modules do nothing when they are loaded: what the page does not use of them is left out. */
const QUIET = /\/src\/(common|protocol|client|web\/(?!main))/;

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: fileURLToPath(new URL('../../dist/web', import.meta.url)),
    emptyOutDir: true,
    target: ['chrome90', 'safari14'],
    // Everything is a file of the box's own origin: the page policy allows nothing inline, not even as `data:`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      treeshake: {
        moduleSideEffects: (id: string) => !QUIET.test(id) || id.endsWith('.css'),
        // The schemas are for the box; the page takes only the functions and types beside them.
        manualPureFunctions: ['closed', 'Type'],
      },
    },
  },
});
