/**
 * The `jingu` command many times in one process: a line of stdin is the words of one command as JSON, and the line
 * `exit <code>` on stdout follows what it printed. The same code from the words on; only the start of Node is spared.
 */
import { createInterface } from 'node:readline';
import { run } from '../../src/cli/run.ts';

const { signal } = new AbortController();
for await (const line of createInterface({ input: process.stdin })) {
  const code = await run(JSON.parse(line) as string[], signal);
  process.stdout.write(`exit ${code}\n`);
}
