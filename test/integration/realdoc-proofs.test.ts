import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);

/** Runs an acceptance as it is, with little to do; everything it checks in full is checked here. */
async function short(name: string, ...args: string[]): Promise<string> {
  const program = new URL(`../accept/${name}.ts`, import.meta.url).pathname;
  const { stdout } = await run(process.execPath, [program, ...args]).catch((error: { stdout?: string }) => ({
    stdout: error.stdout ?? String(error),
  }));
  return stdout;
}

describe('acceptances of the documents, in short', () => {
  it('the same log and the same calls in other folders, locales and time zones', async () => {
    expect(await short('realdoc-determinism', '--calls', '25', '--places', '2', '--seed', '5')).toMatch(
      /\n4 passed, 0 failed\n$/,
    );
  }, 120_000);

  it('writers on shared documents, and a kill: every answered version and every save is there', async () => {
    expect(
      await short(
        'realdoc-fuzz',
        '--operations',
        '60',
        '--kills',
        '1',
        '--own',
        '30',
        '--documents',
        '12',
        '--seed',
        '5',
      ),
    ).toMatch(/\n[67] passed, 0 failed\n$/);
  }, 180_000);
});
