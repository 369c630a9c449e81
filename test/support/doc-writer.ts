import { appendFileSync } from 'node:fs';
import { isJinguError } from '../../src/common/index.ts';
import { DocBox } from './doc-box.ts';
import { diceFrom } from './random.ts';

/**
 * Edits documents as fast as it can until it is killed, and notes each answer in a file once it has it: the child of
 * the kill test. `argv`: base folder, path of the acknowledgement file, seed.
 */
const [base, acknowledged, seed] = process.argv.slice(2) as [string, string, string];
const random = diceFrom(Number(seed));

const box = await DocBox.open({ base });
process.stdout.write('.');
for (let i = 0; ; i++) {
  const path = `office/d${random(3)}.md`;
  try {
    const { version, total } = await box.call<{ version: number; total: number }>('doc.read', { path, from: 1, to: 1 });
    const line = 1 + random(total);
    const word = `${seed}-${i}-${'x'.repeat(random(200))}`;
    const verbs =
      total > 60 && random(2) === 0
        ? [{ cut: `${line}` }]
        : [random(2) === 0 ? { set: `${line}`, text: [word] } : { put: `>${line}`, text: [word] }];
    const made =
      random(8) === 0 && version > 1
        ? (await box.call<{ versions: { version: number }[] }>('doc.undo', { path })).versions[0]!
        : await box.call<{ version: number }>('doc.edit', { path, base: version, verbs });
    const { sha256 } = await box.call<{ sha256: string }>('doc.replay', { path, to: `v${made.version}` });
    appendFileSync(acknowledged, `${path} ${made.version} ${sha256}\n`);
    process.stdout.write('.');
  } catch (error) {
    if (!isJinguError(error)) throw error;
  }
}
