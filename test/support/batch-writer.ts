import { isJinguError } from '../../src/common/index.ts';
import { DocBox } from './doc-box.ts';

/**
 * Writes the number of the round into every document of a batch, in one edit, until it is killed; says each round once
 * it has the answer. `argv`: base folder, names of the documents.
 */
const [base, ...names] = process.argv.slice(2) as [string, ...string[]];
const box = await DocBox.open({ base });
for (;;) {
  const first = await box.call<{ version: number; lines: { text: string }[] }>('doc.read', {
    path: `office/${names[0]}`,
  });
  const round = Number(first.lines[0]!.text.split(' ')[1]) + 1;
  const bases: number[] = [];
  for (const name of names) {
    const { version } = await box.call<{ version: number }>('doc.read', { path: `office/${name}`, from: 1, to: 1 });
    bases.push(version);
  }
  const verbs = [{ set: '1', text: [`round ${round} ${'x'.repeat((round * 37) % 500)}`] }];
  const edits = names.map((name, i) => ({ path: `office/${name}`, base: bases[i]!, verbs }));
  try {
    await box.call('doc.edit', { edits });
    process.stdout.write(`${round}\n`);
  } catch (error) {
    if (!isJinguError(error)) throw error;
  }
}
