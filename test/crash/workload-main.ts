/**
 * The program that the crash states are taken of: a real store and a real documents room, used as people and agents use
 * them, twice in a row on the same files. It notes each answer the moment it has it. `argv`: folder, seed, how many things
 * are done; 0: until it is killed, going on from what is there.
 */
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isJinguError } from '../../src/common/index.ts';
import * as rows from '../../src/realdoc/repository/index.ts';
import type { Blobs } from '../../src/store/index.ts';
import type { DocBox } from '../support/doc-box.ts';
import { randomFrom } from '../support/random.ts';
import { fileDigest, openBox, withBlobs } from './crash-box.ts';
import { letter, sheet } from './office-files.ts';
import { DAY_MS, quickClock } from './quick-clock.ts';
import { ACK } from './states.ts';

const [base, seed, edits] = process.argv.slice(2) as [string, string, string];
const random = randomFrom(Number(seed));
const below = (n: number): number => Math.floor(random() * n);
const endless = edits === '0';
/** Of an endless run each start is a day later than the one before, of another the second half is. */
const MOST_DAYS = 60;
const starts = existsSync(join(base, ACK))
  ? readFileSync(join(base, ACK), 'utf8').split('{"t":"start"}').length - 1
  : 0;
const say = (answer: { t: string; [member: string]: unknown }): void => {
  appendFileSync(join(base, ACK), `${JSON.stringify(answer)}\n`);
  if (endless && /version|saved|blob/.test(answer.t)) process.stdout.write('.');
};
const noted = new Set<string>();
let began = '';
let clock = quickClock(20);
const paths = ['a.md', 'sub/b.md', 'deep/er/c.csv', 'large.txt', 'report.docx', 'deep/table.xlsx'];

// The clock of the box keeps no process alive.
const alive = setInterval(() => undefined, 1000);
say({ t: 'start' });
for (const half of [0, 1]) {
  const daysBack = endless ? Math.max(0, MOST_DAYS - starts) : half === 0 ? MOST_DAYS : 0;
  clock = quickClock(20, daysBack);
  const box = await openBox(base, { times: 20, daysBack });
  // What somebody saved before the kill is looked at before the same person saves over it.
  await box.room.settled();
  const blobs = await withBlobs(box);
  await begin(box, blobs);
  began = new Date(clock.now()).toISOString();
  for (let i = 0; endless || i < Number(edits) / 2; i++) {
    if (!endless && half === 1 && i === 15) await prune(box);
    await step(box, `${half}-${i}`);
  }
  await pack(box);
  await shown(box);
  blobs.stop();
  await box.close();
}
clearInterval(alive);

async function begin(box: DocBox, blobs: Blobs): Promise<void> {
  if (rows.workspaces(box.store).length === 0) await box.addWorkspace();
  say({ t: 'workspace' });
  await make(box, 'a.md', Array.from({ length: 20 }, (_, i) => `line ${i}`).join('\n'));
  await make(box, 'sub/b.md', '\ufeffone\r\ntwo\r\nthree\nopen end');
  await make(box, 'deep/er/c.csv', 'name;count\nbolts;10\nnuts;20\n');
  await make(box, 'large.txt', Array.from({ length: 1500 }, (_, i) => `${i} ${noise(below(60))}\n`).join(''));
  await place(box, 'report.docx', letter(['Dear Ms Li,', 'the offer stands.', 'Yours', 'Jingu']));
  await place(box, 'deep/table.xlsx', sheet([10, 20, 30, 40]));
  await shown(box);
  const { sha256 } = await blobs.put([Buffer.from(`an upload ${noise(3000)}\n`)]);
  say({ t: 'blob', sha256 });
  await create(box, 'added.txt', 'doc.add', { sha256 });
}

/** One thing that somebody does. What is refused is not acknowledged; anything but a typed refusal is a fault. */
async function step(box: DocBox, i: string): Promise<void> {
  const rel = paths[below(paths.length)]!;
  const path = `office/${rel}`;
  try {
    const what = below(20);
    if (what === 0) return await save(box, rel, 'by rename');
    if (what === 1) return await save(box, rel, 'in place');
    if (what === 2) return await shown(box);
    if (what === 3) {
      const { sha256 } = await box.call<{ sha256: string }>('doc.download', { path });
      say({ t: 'blob', sha256 });
      return;
    }
    if (what === 4) return await opaque(box, i);
    if (what === 9) return await prune(box);
    if (what === 10) return await pack(box);
    const { version, total } = await box.call<{ version: number; total: number }>('doc.read', { path, from: 1, to: 1 });
    if (what === 5 && version > 1) {
      const { versions } = await box.call<{ versions: { version: number }[] }>('doc.undo', { path });
      return await note(box, rel, versions[0]!.version);
    }
    if (what === 6 && version > 2) {
      const to = `v${1 + below(version - 1)}`;
      const made = await box.call<{ version: number }>('doc.rollback', { path, to });
      return await note(box, rel, made.version);
    }
    if (what === 8) {
      // A whole folder, back to when this half of the run began.
      const { versions } = await box.call<{ versions: { path: string; version: number }[] }>('doc.rollback', {
        path: 'office/deep',
        to: began,
      });
      for (const made of versions) await note(box, made.path.slice('office/'.length), made.version);
      return;
    }
    const line = 1 + below(total);
    const text = [`${seed}-${i} ${noise(below(120))}`];
    const cell = rel.endsWith('.xlsx') ? `Sheet1!B${1 + below(4)}` : undefined;
    const verbs = cell
      ? [{ set: cell, text: [`${below(1000)}`] }]
      : total > 8 && what === 7
        ? [{ cut: `${line}` }]
        : [what < 13 ? { set: `${line}`, text } : { put: `>${line}`, text }];
    const made = await box.call<{ version: number }>('doc.edit', { path, base: version, verbs });
    await note(box, rel, made.version);
    if (what === 19) await shown(box);
  } catch (error) {
    if (!isJinguError(error)) throw error;
  }
}

function make(box: DocBox, rel: string, text: string): Promise<void> {
  return create(box, rel, 'doc.create', { text });
}

/** Nothing, where an earlier run came so far. */
async function create(box: DocBox, rel: string, operation: string, input: object): Promise<void> {
  const path = `office/${rel}`;
  const made = await box.call<{ version: number }>(operation, { path, ...input }).catch((error: unknown) => {
    if (!isJinguError(error) || error.code !== 'DOC_EXISTS') throw error;
  });
  if (made) await note(box, rel, made.version);
}

/** Somebody puts an Office file on the share, where none is yet. */
async function place(box: DocBox, rel: string, bytes: Buffer): Promise<void> {
  if (existsSync(join(box.root, rel))) return;
  await save(box, rel, 'by rename', bytes);
}

/** What the door has answered is noted with the digest of the file that the version is. */
async function note(box: DocBox, rel: string, version: number): Promise<void> {
  if (noted.has(`${rel} ${version}`)) return;
  noted.add(`${rel} ${version}`);
  const file = rows.fileAt(box.store, rows.workspaces(box.store)[0]!.id, rel)!;
  const sha256 = await fileDigest(box, file, version);
  const replayed = await box.call<{ sha256: string }>('doc.replay', { path: `office/${rel}`, to: `v${version}` });
  if (file.kind === 'text' && replayed.sha256 !== sha256)
    throw new Error(`${rel} v${version} is replayed to another text`);
  say({ t: 'version', rel, version, sha256, at: clock.now() });
}

/** The pass over old versions that every 64th version begins. */
async function pack(box: DocBox): Promise<void> {
  box.room.compactor.start();
  await box.room.compactor.idle();
}

/** Versions of before yesterday go, but for the last of each day. Noted before it is asked for: it may end half-way. */
async function prune(box: DocBox): Promise<void> {
  say({ t: 'prune', before: clock.now() - DAY_MS });
  await box.call('doc.prune', { path: 'office', policy: { allDays: 1, hourlyDays: 1, dailyDays: 365 } });
}

/** Waits until every file is on the share, which is what `wait: file` promises. */
async function shown(box: DocBox): Promise<void> {
  await box.room.settled();
  for (const rel of paths) {
    const { documents } = await box.call<{ documents: { state: string; onShare: number | null; version: number }[] }>(
      'doc.status',
      { path: `office/${rel}` },
    );
    const [status] = documents;
    if (!status) continue;
    // What came to be of a save and an edit together was nobody's answer so far; from here on it is.
    await note(box, rel, status.version);
    if (status.state === 'written' && status.onShare) say({ t: 'shown', rel, version: status.onShare });
  }
}

/** A person saves, durably, by one of the two ways in which programs save. */
async function save(box: DocBox, rel: string, style: string, bytes = content(rel)): Promise<void> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const target = join(box.root, rel);
  say({ t: 'saving', rel, sha256, style });
  const file = style === 'by rename' ? join(dirname(target), `.${basename(target)}.saving`) : target;
  const handle = openSync(file, 'w');
  writeSync(handle, bytes);
  fsyncSync(handle);
  closeSync(handle);
  if (style === 'by rename') renameSync(file, target);
  syncFolder(dirname(target));
  say({ t: 'saved', rel, sha256, at: clock.now() });
  // The box takes it in, as it would on its next look.
  const { documents } = await box.call<{ documents: { version: number }[] }>('doc.import', { path: `office/${rel}` });
  for (const { version } of documents) await note(box, rel, version);
}

function content(rel: string): Buffer {
  const lines = [`saved by hand ${noise(below(200))}`, 'second line', noise(below(2000))];
  if (rel.endsWith('.docx')) return letter(lines);
  if (rel.endsWith('.xlsx')) return sheet(Array.from({ length: 4 }, () => below(1000)));
  return Buffer.from(`${lines.join('\n')}\n`);
}

/** Something that is no text: kept as it is. */
async function opaque(box: DocBox, i: string): Promise<void> {
  const bytes = Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), Buffer.from(noise(500))]);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  say({ t: 'saving', rel: `logo-${i.length}.png`, sha256, style: 'in place' });
  const target = join(box.root, `logo-${i.length}.png`);
  writeFileSync(target, bytes, { flush: true });
  syncFolder(dirname(target));
  say({ t: 'saved', rel: `logo-${i.length}.png`, sha256, at: clock.now() });
  await box.call('doc.import', { path: `office/logo-${i.length}.png` });
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/** Does not compress, so that it takes room. */
function noise(length: number): string {
  return Array.from({ length }, () => 'abcdefghijklmnopqrstuvwxyzäöü0123456789'[below(39)]).join('');
}
