import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallNumbers } from '../../../src/guest/call-numbers.ts';
import { compiler } from '../../crash/recorder.ts';

const SOURCE = new URL('./caller.c', import.meta.url).pathname;

/** A program that makes each of the calls and prints what came of it, compiled into `folder`. Gives its path. */
export function buildCaller(folder: string, calls: Readonly<Record<string, CallNumbers>>): string {
  const path = join(folder, 'caller');
  // Without arguments that are fit for it, `clone` would make a process where nothing refuses it.
  const names = Object.keys(calls).filter((name) => !['clone', 'ioctl'].includes(name));
  const tried = names.map((name) => `#ifdef SYS_${name}\n  TRY_CALL(${name})\n#endif\n`);
  writeFileSync(join(folder, 'calls.inc'), tried.join(''));
  execFileSync(compiler()!, ['-O1', '-I', folder, '-o', path, SOURCE, '-lpthread'], { stdio: 'pipe' });
  return path;
}

/** The numbers of the headers, by name: `asm/unistd_64.h` or `asm-generic/unistd.h`. */
export function headerNumbers(header: string): Map<string, number> {
  const input = `#include <${header}>\n`;
  const said = execFileSync(compiler()!, ['-E', '-dM', '-x', 'c', '-'], { input, encoding: 'utf8', stdio: 'pipe' });
  return new Map([...said.matchAll(/^#define __NR_(\w+) (\d+)$/gm)].map(([, name, number]) => [name!, Number(number)]));
}
