import type { EditPlan } from './plan.ts';

/** Where a text stops being what its format allows. `line` counts from 1. */
export interface SyntaxProblem {
  message: string;
  line: number;
}

/** Looks whether a text is what its name says (JSON, YAML, code ...); `undefined`: it is, or nobody can tell. */
export type CheckSyntax = (path: string, bytes: Uint8Array) => Promise<SyntaxProblem | undefined>;

/** Said with a success: the text parsed before and does not now. Nothing is repaired. */
export interface Advisory extends SyntaxProblem {
  code: 'PARSE_ADVISORY';
}

/** Larger texts are edited without being looked at as a whole. */
const MAX_BYTES = 4 * 1024 * 1024;

/** The advisory of an edit, if there is one to give. A check that fails says nothing: the edit itself is sound. */
export async function adviseOn(check: CheckSyntax | undefined, plan: EditPlan): Promise<Advisory | undefined> {
  if (!check || plan.file.kind !== 'text' || plan.after.bytes > MAX_BYTES || plan.before.bytes > MAX_BYTES) return;
  try {
    const now = await check(plan.file.path, plan.after.toBuffer());
    if (!now || (await check(plan.file.path, plan.before.toBuffer()))) return;
    return { code: 'PARSE_ADVISORY', message: now.message.slice(0, 500), line: now.line };
  } catch {
    return;
  }
}
