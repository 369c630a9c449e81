import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { isAlive, until } from './rig.ts';

const pids: number[] = [];
afterEach(() => {
  for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL');
});

test('a core killed by SIGKILL leaves no guest and no grandchild, not even one that spins or is stopped', async () => {
  const core = spawn(process.execPath, [fileURLToPath(new URL('./core-process.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(core.stdout), 'line')) as [string];
  pids.push(...(JSON.parse(line) as number[]));
  expect(pids.length).toBe(6);
  expect(pids.every(isAlive)).toBe(true);
  core.kill('SIGKILL');
  await until(() => !pids.some(isAlive));
});
