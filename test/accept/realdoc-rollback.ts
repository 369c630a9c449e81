/**
 * Going back: 400 random steps (`--steps N`, `--seed N`) of edits, creations, saves and deletions by other programs,
 * with a document, a folder, the workspace, an edit or a whole task taken back in between. The share is what it was,
 * every version reads as at first. Then 500 documents in one call.
 */
import { Checks } from '../support/checks.ts';
import { DocBox } from '../support/doc-box.ts';
import { rollbackTrials } from '../support/rollback-trials.ts';

const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? Number(process.argv[at + 1]) : otherwise;
};
const seed = option('seed', Date.now() % 1_000_000);
console.log(`seed ${seed}`);
// The clock of the box does not keep a process alive by itself.
const alive = setInterval(() => undefined, 1000);
const checks = new Checks();
const report = await rollbackTrials(option('steps', 400), seed);
console.log(`taken back: ${JSON.stringify(report.back)}; ${report.versions} versions`);
await checks.check('after each step the share is what the model says, and every version reads as at first', () => {
  if (report.wrong.length > 0) throw new Error(report.wrong.join('\n'));
  return Object.keys(report.back).length === 6;
});
await checks.check('500 documents go back in one call, byte for byte', async () => {
  const box = await DocBox.open();
  try {
    const names = Array.from({ length: 500 }, (_, i) => `d${i % 10}/n${i}.txt`);
    for (const name of names) await box.write(name, `${name}\r\nsecond\r\n`);
    await box.addWorkspace();
    const edits = names.map((name) => ({ path: `office/${name}`, base: 1, verbs: [{ set: '2', text: ['changed'] }] }));
    const calls: string[] = [];
    for (let i = 0; i < 500; i += 100)
      calls.push((await box.invoke('doc.edit', { edits: edits.slice(i, i + 100) })).callId);
    const began = performance.now();
    await box.call('doc.rollback', { path: 'office', to: `before-call:${calls[0]}` });
    console.log(`answered after ${Math.round(performance.now() - began)} ms`);
    const texts = await Promise.all(names.map((name) => box.file(name)));
    return texts.every((text, i) => text === `${names[i]}\r\nsecond\r\n`);
  } finally {
    await box.destroy();
  }
});
clearInterval(alive);
process.exitCode = checks.end();
