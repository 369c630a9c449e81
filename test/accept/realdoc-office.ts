/**
 * Real Word, Excel and PowerPoint files through the real room and its parse guest: one word of each is replaced, words
 * across runs are replaced, and what is left of the file is looked at by readers that share nothing with the code under
 * test. Bars: every part that was not named is the same bytes, charts and pivots too; 99 of 100 edits across runs are
 * done and no other character looks different; undo gives the very file; LibreOffice opens what was written and shows
 * the new words. The same edits through exceljs and xlsx-populate stand beside it. `--no-libreoffice` leaves that out.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Format } from '../support/look-reader.ts';
import { OfficeDesk, viewOf } from '../support/office-desk.ts';
import { acrossRunTrials, compare, keywordTrials, type Trial, verbOf } from '../support/office-trials.ts';
import { readTarZst } from '../support/tar-zst.ts';
import { testData } from '../support/test-data.ts';
import { assert, Checks, unavailable } from './support/checks.ts';
import { LibreOffice } from './support/libreoffice.ts';
import { count, LIBRARIES, type Losses, noLosses } from './support/sheet-libraries.ts';

const sets = ['office/open-xml-sample.tar.zst', 'officebench/one-app-tasks.tar.zst'].map((path) => testData(path));
if (sets.some((path) => path === undefined)) unavailable('the office files of the test data are not here');
const files = new Map<string, Buffer>();
for (const path of sets) {
  for (const [name, content] of readTarZst(path!)) {
    const format = /\.(docx|xlsx|pptx)$/i.exec(name)?.[1]?.toLowerCase();
    if (format) files.set(`${String(files.size + 1).padStart(3, '0')}.${format}`, content);
  }
}
const formatOf = (name: string): Format => name.split('.').at(-1) as Format;

const checks = new Checks();
const folder = mkdtempSync(join(tmpdir(), 'jingu-office-'));
const desk = await OfficeDesk.open(files);
const tally = {
  keyword: 0,
  keywordDone: 0,
  across: 0,
  acrossDone: 0,
  holders: 0,
  holdersDone: 0,
  parts: 0,
  identical: 0,
  special: 0,
  specialIdentical: 0,
};
const refusals = new Map<string, number>();
const wrong: string[] = [];
const notBack: string[] = [];
const unreadable: string[] = [];
const wordless: string[] = [];
/** Every word of these is filled in by the program: a field, a property of the document. */
const filledIn: string[] = [];
const edited = new Map<Format, { path: string; name: string }[]>([
  ['docx', []],
  ['xlsx', []],
  ['pptx', []],
]);
const libraries = new Map<string, Losses>([
  ['jingu', noLosses()],
  ...Object.keys(LIBRARIES).map((name) => [name, noLosses()] as const),
]);

/** One edit, looked at, and taken back. Gives the file as it was after the edit, if it was done. */
async function attempt(name: string, trial: Trial): Promise<Buffer | undefined> {
  const before = files.get(name)!;
  const read = await desk.lines(name);
  if ('code' in read) throw new Error(`${name}: ${read.code}`);
  const refused = await desk.edit(name, read.version, verbOf(trial));
  if (refused) {
    const why = `${refused.code} ${refused.what.replace(/^line \d+: /, '')}`;
    refusals.set(why, (refusals.get(why) ?? 0) + 1);
    return undefined;
  }
  const after = await desk.file(name);
  try {
    const counts = compare(before, after, formatOf(name), trial);
    tally.parts += counts.parts;
    tally.identical += counts.identical;
    tally.special += counts.special;
    tally.specialIdentical += counts.specialIdentical;
  } catch (error) {
    wrong.push(`${name} ${JSON.stringify(trial.find)}: ${(error as Error).message}`);
  }
  await desk.undo(name);
  if (!(await desk.file(name)).equals(before)) notBack.push(name);
  return after;
}

const from = performance.now();
for (const [name, before] of files) {
  const format = formatOf(name);
  const read = await desk.lines(name);
  if ('code' in read) {
    unreadable.push(`${name} (${read.what})`);
    continue;
  }
  const view = viewOf(before, format);
  if (view.some((line, i) => read.lines[i] !== undefined && line.text !== read.lines[i]))
    wrong.push(`${name}: the room shows other lines`);
  const words = keywordTrials(before, format).slice(0, 30);
  if (words.length === 0) wordless.push(name);
  else {
    tally.keyword++;
    const done = tally.keywordDone;
    for (const trial of words) {
      const after = await attempt(name, trial);
      if (!after) continue;
      tally.keywordDone++;
      const path = join(folder, name);
      writeFileSync(path, after);
      edited.get(format)!.push({ path, name });
      if (format === 'xlsx') await compareLibraries(before, after, trial);
      break;
    }
    if (tally.keywordDone === done && words.length < 30) filledIn.push(name);
  }
  for (const trial of acrossRunTrials(before, format, 3)) {
    const isDone = (await attempt(name, trial)) !== undefined;
    tally[trial.across === 'runs' ? 'across' : 'holders']++;
    if (isDone) tally[trial.across === 'runs' ? 'acrossDone' : 'holdersDone']++;
  }
}
const seconds = ((performance.now() - from) / 1000).toFixed(0);
await desk.close();

async function compareLibraries(before: Buffer, after: Buffer, trial: Trial): Promise<void> {
  count(libraries.get('jingu')!, before, after);
  const match = /^'?(.*?)'?!([A-Z]+\d+)$/.exec(trial.address ?? '')!;
  for (const [library, edit] of Object.entries(LIBRARIES)) {
    const made = await edit(before, match[1]!.replaceAll("''", "'"), match[2]!, trial.replace).catch(() => undefined);
    count(libraries.get(library)!, before, made);
  }
}

console.log(
  `${files.size} files in ${seconds} s: ${unreadable.length} cannot be read, ${wordless.length} hold no word`,
);
for (const each of unreadable) console.log(`  not read: ${each}`);
for (const [why, times] of refusals) console.log(`  refused ${times} times: ${why}`);
console.log(
  `  across the edge of a link, content control or field: ${tally.holdersDone} of ${tally.holders} done, the others refused`,
);
for (const [library, n] of libraries) {
  const share = (part: number, of: number): string => (of === 0 ? '-' : `${((100 * part) / of).toFixed(1)} %`);
  console.log(
    `  ${library}: ${n.files} workbooks, threw ${n.threw}, parts lost ${n.lost} of ${n.parts} (${share(n.lost, n.parts)}), ` +
      `identical ${share(n.identical, n.parts)}, charts lost ${n.chartsLost} of ${n.charts}, pivots lost ${n.pivotsLost} of ${n.pivots}`,
  );
}

const none = (list: readonly string[]): void =>
  assert(tally.keywordDone > 0 && list.length === 0, `${list.length}: ${list.slice(0, 5).join('; ')}`);
await checks.check('nearly every file can be read', () => {
  assert(unreadable.length * 20 <= files.size, `${unreadable.length} of ${files.size} cannot`);
  return `${files.size - unreadable.length} of ${files.size}`;
});
await checks.check('a word of each file that has one is replaced', () => {
  const left = tally.keyword - tally.keywordDone;
  const note = `${tally.keywordDone} of ${tally.keyword}; nothing but fields and properties in ${filledIn.join(', ') || 'none'}`;
  assert(tally.keyword > 0 && left === filledIn.length && left * 100 <= tally.keyword, note);
  return note;
});
await checks.check('99 of 100 replacements across runs are done', () => {
  assert(tally.across > 0 && tally.acrossDone >= 0.99 * tally.across, `${tally.acrossDone} of ${tally.across}`);
  return `${tally.acrossDone} of ${tally.across}`;
});
await checks.check('no other character changed, in text, look or place', () => none(wrong));
await checks.check('every part that was not named is the same bytes', () => {
  assert(tally.parts > 0 && tally.identical === tally.parts, `${tally.identical} of ${tally.parts}`);
  return `${tally.identical} of ${tally.parts}`;
});
await checks.check('charts, pivots, drawings and media are the same bytes', () => {
  assert(
    tally.special > 0 && tally.specialIdentical === tally.special,
    `${tally.specialIdentical} of ${tally.special}`,
  );
  return `${tally.specialIdentical} of ${tally.special}`;
});
await checks.check('undo gives the very file', () => none(notBack));
const version = LibreOffice.version();
if (process.argv.includes('--no-libreoffice')) console.log('left out: LibreOffice');
else if (version === undefined)
  console.log('UNAVAILABLE: LibreOffice (scripts/debian-packages.sh office); its checks did not run');
else await reopen(version);
rmSync(folder, { recursive: true, force: true });
checks.finish();
process.exit();

/** What LibreOffice could open before the edit it must open after it, and show the new words. */
async function reopen(program: string): Promise<void> {
  const office = new LibreOffice(join(folder, 'soffice'));
  for (const [format, to] of [
    ['docx', 'fodt'],
    ['xlsx', 'fods'],
    ['pptx', 'fodp'],
  ] as const) {
    await checks.check(`LibreOffice opens each edited ${format} and shows the new words`, async () => {
      const list = edited.get(format)!;
      const texts = await office.read(
        list.map((each) => each.path),
        to,
      );
      const closed = list.filter((each) => !texts.has(each.path));
      for (const { path, name } of closed) writeFileSync(path, files.get(name)!);
      const before = await office.read(
        closed.map((each) => each.path),
        to,
      );
      none(closed.filter((each) => before.has(each.path)).map((each) => each.name));
      none(
        list
          .filter(({ path }) => texts.has(path) && !/Zwölfjingu|office:value="4711"/.test(texts.get(path)!))
          .map((each) => each.name),
      );
      return `${texts.size} of ${list.length}, ${closed.length} neither before nor after; ${program}`;
    });
  }
}
