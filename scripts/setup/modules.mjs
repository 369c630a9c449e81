import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { npmFor } from './node.mjs';
import { runQuietly, say } from './process.mjs';

/**
 * Installs exactly what package-lock.json says, and only when something differs: npm leaves a record of what it
 * installed (`node_modules/.package-lock.json`), written last, so a cut installation is seen as well.
 * Install scripts stay off: every native package ships its binaries.
 */
export function ensureModules(root, node, { dev }) {
  const modules = join(root, 'node_modules');
  // A symlink is a shared installation that somebody else keeps.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  if (isInstalled(root, { dev })) return;
  // Whoever develops here keeps the packages for that, also when it is `npm start` that brings the modules up to date.
  dev ||= hasDevelopment(root);
  say(`Installing modules${dev ? ' (with those for tests)' : ''} …`);
  const npm = npmFor(node);
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  runQuietly(npm.command, [...npm.args, ...args, ...(dev ? ['--include=dev'] : ['--omit=dev'])], {
    cwd: root,
    env: npm.env,
  });
  // llama.cpp's history, for building from source, which we never do: 36 MB.
  rmSync(join(modules, 'node-llama-cpp', 'llama', 'gitRelease.bundle'), { force: true });
  say(`Installed ${megabytes(modules)} MB of modules.`);
}

/** True when each package the lock wants is recorded as installed in that version, and nothing else is. */
export function isInstalled(root, { dev }) {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const present = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (!present) return false;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || entry.link) continue;
    const installed = present[path];
    if (!installed) {
      // Optional ones are those of other platforms.
      if (entry.optional || entry.devOptional || (entry.dev && !dev)) continue;
      return false;
    }
    if (installed.version !== entry.version || installed.integrity !== entry.integrity) return false;
  }
  return Object.keys(present).every((path) => path in wanted);
}

function hasDevelopment(root) {
  const present = packagesOf(join(root, 'node_modules', '.package-lock.json')) ?? {};
  return Object.values(present).some((entry) => entry.dev);
}

function packagesOf(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined;
}

/** Whole megabytes of the files below a folder. */
export function megabytes(folder) {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += lstatSync(join(entry.parentPath ?? entry.path, entry.name)).size;
  }
  return Math.round(bytes / 1e6);
}
