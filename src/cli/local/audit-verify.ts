import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Verified {
  code: number;
  report: unknown;
  said: string;
}

/**
 * `jingu audit verify <export>`: the separate small verifier of the record, run as its own program and without the
 * box, exactly as an auditor runs it on another machine. Its exit: 0 intact, 1 broken, 2 usage, 3 incomplete.
 */
export function verifyExport(args: readonly string[]): Promise<Verified> {
  const program = join(import.meta.dirname, '..', '..', 'audit', 'verify-main.ts');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['inherit', 'pipe', 'pipe'] });
    let out = '';
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      try {
        resolve({ code: code ?? 1, report: out === '' ? undefined : (JSON.parse(out) as unknown), said: said.trim() });
      } catch {
        resolve({ code: code ?? 1, report: undefined, said: out });
      }
    });
  });
}
