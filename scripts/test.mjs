// `npm test [-- filter]`: sets up what the tests need, runs them once, ends with `N passed, N failed`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main, prepare, root } from './setup/index.mjs';
import { withNode } from './setup/node.mjs';
import { runForeground } from './setup/process.mjs';

await main(async () => {
  const node = prepare({ dev: true });
  const folder = mkdtempSync(join(tmpdir(), 'jingu-test-'));
  const report = join(folder, 'report.json');
  try {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const rc = await runForeground(node, [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
      cwd: root,
      env: withNode(node),
    });
    const { passed, failed, isWhole } = countsOf(report, rc);
    // A name that was asked for leaves all other tests out, which is no skip.
    const isByName = process.argv.some((word) => word === '-t' || word.startsWith('--testNamePattern'));
    const judged =
      !isWhole || isByName
        ? 0
        : await runForeground(node, [join(root, 'test/support/skips-main.ts'), report], {
            cwd: root,
            env: withNode(node),
          });
    process.stdout.write(`${passed} passed, ${failed} failed\n`);
    return rc === 0 && (failed > 0 || judged !== 0) ? 1 : rc;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A file that does not even load has no tests to count and is one failure; so is a run that ended badly without any. */
function countsOf(path, rc) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, isWhole: false };
  }
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const failed = tests.filter((test) => test.status === 'failed').length + broken.length;
  return {
    passed: tests.filter((test) => test.status === 'passed').length,
    failed: rc !== 0 && failed === 0 ? 1 : failed,
    isWhole: true,
  };
}
