import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Ended {
  code: number;
  out: string;
  said: string;
}

/**
 * Runs a program of another room as a process of its own, as one would by hand: those that must work without the box
 * (the verifier of the record, the restore) are whole in themselves, and the command imports none of them. `whole`: not
 * stopped by Ctrl-C half-way, for what either changes nothing or finishes.
 */
export function runProgram(path: string, args: readonly string[], { whole = false } = {}): Promise<Ended> {
  const program = join(import.meta.dirname, '..', '..', path);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['inherit', 'pipe', 'pipe'], detached: whole });
    let out = '';
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, out, said: said.trim() }));
  });
}
