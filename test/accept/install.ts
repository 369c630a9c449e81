/**
 * A clone of this very commit on a machine that has nothing of Jingu: `npm start` brings Node, modules, page and
 * daemon; `bin/jingu` talks to it; Ctrl-C ends it; the second start works with every registry out of reach. The model
 * is left out here (`main-job` and the unit tests of its sources cover it).
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { Checks } from '../support/checks.ts';

const ROOT = join(import.meta.dirname, '../..');
const checks = new Checks();
const folder = mkdtempSync(join(tmpdir(), 'jingu-install-'));
const clone = join(folder, 'jingu');
const cache = join(folder, 'cache');
const data = join(folder, 'data');
const NOWHERE = 'http://127.0.0.1:9/';

/** The environment of a newcomer: the machine's own Node, none of ours, a cache of its own. */
const env: Record<string, string> = {
  PATH: (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((path) => path !== dirname(process.execPath) && !path.includes('node_modules'))
    .join(delimiter),
  HOME: process.env['HOME'] ?? folder,
  JINGU_CACHE: cache,
  JINGU_DATA: data,
  JINGU_PORT: '0',
  JINGU_BIND: '127.0.0.1',
};

interface Started {
  child: ChildProcess;
  output: () => string;
  ended: Promise<number | null>;
  ready: Promise<boolean>;
}

function start(extra: Record<string, string> = {}): Started {
  const child = spawn('npm', ['start', '--', '--no-starter-model', '--no-beacon'], {
    cwd: clone,
    env: { ...env, ...extra },
    // A group of its own: Ctrl-C of a terminal goes to all of it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const ready = new Promise<boolean>((resolve) => {
    const hear = (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('Stop: Ctrl-C')) resolve(true);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    void ended.then(() => resolve(false));
  });
  return { child, output: () => text, ended, ready };
}

async function stop({ child, ended }: Started): Promise<void> {
  process.kill(-child.pid!, 'SIGINT');
  await ended;
}

function jingu(...args: string[]) {
  return spawnSync(join(clone, 'bin/jingu'), args, { env, encoding: 'utf8', cwd: folder });
}

const hasNode = spawnSync('node', ['--version'], { env, encoding: 'utf8' });
const hasNpm = spawnSync('npm', ['--version'], { env, encoding: 'utf8' });
if (hasNode.status !== 0 || hasNpm.status !== 0) {
  console.log('UNAVAILABLE: there is no Node with npm on this machine beside the one that runs this');
  process.exit(77);
}
console.log(`the machine has Node ${hasNode.stdout.trim()}, npm ${hasNpm.stdout.trim()}`);

let running: Started | undefined;
try {
  await checks.check('the commit can be cloned', () => spawnSync('git', ['clone', '-q', ROOT, clone]).status === 0);
  running = start();
  await checks.check('npm start ends in a running box', async () => (await running!.ready) || whyNot(running!));
  console.log(
    running
      .output()
      .split('\n')
      .filter((line) => /Node|Install|Build|MB/.test(line))
      .join('\n'),
  );
  await checks.check('it says how many megabytes were installed', () =>
    /Installed \d+ MB of modules/.test(running!.output()),
  );
  await checks.check('neither CUDA nor Vulkan nor the source bundle of llama.cpp is there', () => {
    const modules = join(clone, 'node_modules');
    const big = readdirSync(join(modules, '@node-llama-cpp')).filter((name) => /cuda|vulkan/.test(name));
    const binaries = big.filter((name) => existsSync(join(modules, '@node-llama-cpp', name, 'bins')));
    return binaries.length === 0 && !existsSync(join(modules, 'node-llama-cpp/llama/gitRelease.bundle'));
  });
  await checks.check('the page is built', () => existsSync(join(clone, 'dist/web/index.html')));
  await checks.check('bin/jingu finds the right Node and the box', () => {
    const said = jingu('status', '--json');
    return said.status === 0 && JSON.parse(said.stdout).data.state === 'serving';
  });
  await checks.check('the clone is as clean as it was', () => {
    const status = spawnSync('git', ['status', '--porcelain'], { cwd: clone, encoding: 'utf8' });
    return status.stdout === '' || Promise.reject(new Error(status.stdout));
  });
  await checks.check('Ctrl-C stops it, and nothing of it is left', async () => {
    await stop(running!);
    return jingu('status').status === 69 && !existsSync(join(data, 'jingu.sock')) && strays().length === 0;
  });

  const from = performance.now();
  running = start({ npm_config_registry: NOWHERE, HTTPS_PROXY: NOWHERE, HTTP_PROXY: NOWHERE });
  await checks.check(
    'a second start works with nothing to download from',
    async () => (await running!.ready) || whyNot(running!),
  );
  console.log(`second start: ready after ${((performance.now() - from) / 1000).toFixed(1)} s`);
  await checks.check(
    'and it installed and built nothing',
    () => !/Fetching|fetching|Installing|Building/.test(running!.output()),
  );
  await checks.check('it is the same box', () =>
    JSON.parse(jingu('status', '--json').stdout).data.boxId.startsWith('box_'),
  );
  await checks.check('SIGTERM stops it too', async () => {
    process.kill(-running!.child.pid!, 'SIGTERM');
    await running!.ended;
    return strays().length === 0;
  });
} finally {
  if (running && running.child.exitCode === null && running.child.signalCode === null) await stop(running);
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = checks.end();

function whyNot(started: Started): never {
  throw new Error(`it ended before it was ready:\n${started.output().slice(-3000)}`);
}

/** Processes that still have our data directory on their command line or in their environment. */
function strays(): string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`JINGU_DATA=${data}`);
      } catch {
        return false;
      }
    });
}
