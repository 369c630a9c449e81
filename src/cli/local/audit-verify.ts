import { cliFail } from '../cli-error.ts';
import type { Base } from '../context.ts';
import { runProgram } from './program.ts';

/**
 * `jingu audit verify <export>`: the separate small verifier of the record, exactly as an auditor runs it on another
 * machine, without the box. Its exit: 0 intact, 1 broken, 3 incomplete.
 */
export async function verifyExport(base: Base, args: readonly string[]): Promise<{ code: number; report: unknown }> {
  const { code, out, said } = await runProgram('audit/verify-main.ts', args);
  try {
    return { code, report: JSON.parse(out) as unknown };
  } catch (cause) {
    throw cliFail('USAGE', { reason: said.split('\n')[0] || out }, base.locale, cause);
  }
}
