import type { AllowedSkip } from '../allowed-skips.ts';
import type { Need } from './needs.ts';

export interface SkippedTest {
  /** From the root of the repository. */
  file: string;
  name: string;
}

/** The skipped tests of a report that Vitest wrote as JSON: all that neither passed nor failed. */
export function skippedIn(report: unknown, root: string): SkippedTest[] {
  const { testResults } = report as {
    testResults: { name: string; assertionResults: { fullName: string; status: string }[] }[];
  };
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(({ fullName }) => ({ file: name.replace(`${root}/`, ''), name: fullName })),
  );
}

/**
 * A line for each skipped test. A skip is allowed when the list names it with something that `whyNot` says this machine
 * lacks; `refused` counts the others.
 */
export async function judgeSkips(
  skipped: readonly SkippedTest[],
  allowed: readonly AllowedSkip[],
  whyNot: (need: Need) => Promise<string | undefined>,
): Promise<{ lines: string[]; refused: number }> {
  const lines: string[] = [];
  let refused = 0;
  for (const { file, name } of skipped) {
    const entries = allowed.filter(
      (entry) => entry.file === file && (entry.tests?.some((start) => name.startsWith(start)) ?? true),
    );
    const reasons = await Promise.all(entries.map(async ({ need }) => await whyNot(need)));
    const why = reasons.find((reason) => reason !== undefined);
    if (why !== undefined) {
      lines.push(`skipped: ${file}: ${name}: ${why}`);
      continue;
    }
    refused++;
    const fault =
      entries.length === 0
        ? 'not in test/allowed-skips.ts'
        : `this machine has what it needs (${entries.map(({ need }) => need).join(', ')})`;
    lines.push(`SKIPPED BUT NOT ALLOWED: ${file}: ${name}: ${fault}`);
  }
  return { lines, refused };
}
