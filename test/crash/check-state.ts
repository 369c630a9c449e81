import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as rows from '../../src/realdoc/repository/index.ts';
import type { FileRow } from '../../src/realdoc/rows.ts';
import type { DocBox } from '../support/doc-box.ts';
import { type Answers, answersOf } from './answers.ts';
import { fileDigest, openBox } from './crash-box.ts';
import { type CrashState, materialise } from './states.ts';

/** Waiting passes quickly: nothing moves on these disks but the box itself. */
const TIMES = 50;

interface Beside {
  before(): void;
  after(): void;
}

/** Puts a crash state in place and checks it as `checkFolder` does. */
export async function checkState(state: CrashState, base: string, beside?: Beside): Promise<string[]> {
  materialise(state, base);
  return await checkFolder(answersOf(state.answered), base, beside);
}

/**
 * Starts the box on what a crash left in `base` and says what does not hold: an answered version that is not there byte
 * for byte, a file that is no whole version, a save that is lost, a second start that finds more to do. Empty: all
 * holds. `beside` runs where the first start happens (to record it); `seen` are digests of files at earlier crashes.
 */
export async function checkFolder(
  answers: Answers,
  base: string,
  beside?: Beside,
  seen?: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<string[]> {
  const files = shareOf(base);
  beside?.before();
  const problems: string[] = [];
  try {
    const first = await open(base, beside !== undefined);
    try {
      problems.push(...(await checkBox(first, answers, files, seen)));
    } finally {
      await first.close();
      beside?.after();
    }
    const once = standing(first, base);
    const second = await open(base);
    await second.close();
    const twice = standing(second, base);
    if (once !== twice) problems.push(`the second start changed something:\n${once}\n${twice}`);
  } catch (error) {
    problems.push(`the box does not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  return problems;
}

const stood = new WeakMap<DocBox, string>();

async function open(base: string, packs = false): Promise<DocBox> {
  const box = await openBox(base, { times: TIMES, packs });
  await box.room.settled();
  const all = box.store.all('SELECT rel, head, state, digest FROM doc_file ORDER BY rel');
  stood.set(box, JSON.stringify(all));
  return box;
}

/** What the database and the share say, as one text to compare. */
function standing(box: DocBox, base: string): string {
  const files = [...shareOf(base)].map(([rel, bytes]) => `${rel} ${hash('sha256', bytes)}`);
  return `${stood.get(box)} ${files.sort().join()}`;
}

async function checkBox(
  box: DocBox,
  answers: Answers,
  before: ReadonlyMap<string, Buffer>,
  seen: ReadonlyMap<string, ReadonlySet<string>> = new Map(),
): Promise<string[]> {
  const problems = box.store.integrityProblems().map((problem) => `integrity_check: ${problem}`);
  const [workspace] = rows.workspaces(box.store);
  if (!workspace) return answers.hasWorkspace ? [...problems, 'the workspace is gone'] : problems;
  const known = new Set([...answers.versions.keys(), ...answers.saved.keys(), ...before.keys()]);
  for (const { rel } of box.store.all<{ rel: string }>('SELECT rel FROM doc_file')) known.add(rel);
  const after = shareOf(box.base);
  for (const rel of known) {
    const file = rows.fileAt(box.store, workspace.id, rel);
    const digests = file ? await digestsOf(box, file) : new Map<number, string>();
    problems.push(
      ...lost(rel, answers, digests),
      ...wrongFile(rel, answers, digests, before.get(rel)),
      ...(file ? invented(box, file, answers, digests) : []),
    );
    const answered = [...(answers.versions.get(rel)?.values() ?? [])].map(({ sha256 }) => sha256);
    const whole = new Set([...digests.values(), ...answered, ...(answers.begun.get(rel) ?? [])]);
    for (const sha256 of seen.get(rel) ?? [])
      if (file && !whole.has(sha256) && !rel.endsWith('~tmp'))
        problems.push(`${rel}: at a kill it was no whole version`);
    const there = after.get(rel);
    const head = file && digests.get(file.head);
    if (file?.state === 'live' && head !== undefined && (!there || hash('sha256', there) !== head))
      problems.push(`${rel}: after the start the file is not version ${file.head} (${knownOf(box, file)})`);
    if (file?.state === 'deleted' && answers.versions.has(rel) && !answers.gone.has(rel))
      problems.push(`${rel}: it counts as deleted`);
  }
  const verified = await box.call<{ ok: boolean; problems: unknown[] }>('doc.verify', { path: 'office', full: true });
  if (!verified.ok) problems.push(`doc.verify: ${JSON.stringify(verified.problems)}`);
  for (const sha256 of answers.blobs) {
    const path = join(box.base, 'data', 'blobs', sha256.slice(0, 2), sha256);
    if (!existsSync(path)) problems.push(`the blob ${sha256} is gone`);
    else if (hash('sha256', readFileSync(path)) !== sha256) problems.push(`the blob ${sha256} holds other bytes`);
  }
  return problems;
}

/** What the box knows of the file and what the file is, to tell why a save was not seen. */
function knownOf(box: DocBox, { id, rel }: FileRow): string {
  const { mtimeNs, ctimeNs, ino, size } = statSync(join(box.root, rel), { bigint: true });
  const known = rows.projection(box.store, id);
  return `known ${JSON.stringify(known)}, now ${[size, mtimeNs, ctimeNs, ino].join(' ')}`;
}

/** Answered versions and saves that are not in the history. */
function lost(rel: string, answers: Answers, digests: Map<number, string>): string[] {
  const problems: string[] = [];
  for (const [version, { sha256, at }] of answers.versions.get(rel) ?? []) {
    const now = digests.get(version);
    if (now === undefined && at < answers.mayGoBefore) continue;
    if (now === undefined) problems.push(`${rel} v${version} was answered and is lost`);
    else if (sha256 !== '' && now !== sha256) problems.push(`${rel} v${version} holds other bytes than were answered`);
  }
  const there = new Set(digests.values());
  // The share itself is the home of what has no versions.
  if (digests.size === 0) return problems;
  for (const { sha256, at } of answers.saved.get(rel) ?? [])
    if (!there.has(sha256) && at >= answers.mayGoBefore) problems.push(`${rel}: a save is lost (${sha256})`);
  return problems;
}

/** The file as the crash left it: one whole version, not older than what was said to be there, or what a person saved. */
function wrongFile(rel: string, answers: Answers, digests: Map<number, string>, bytes: Buffer | undefined): string[] {
  if (answers.torn.has(rel)) return [];
  const shown = answers.shown.get(rel) ?? 0;
  const saved = answers.saved.get(rel) ?? [];
  if (!bytes) return shown > 0 || saved.length > 0 ? [`${rel}: the file is missing on the share`] : [];
  const sha256 = hash('sha256', bytes);
  if (answers.begun.get(rel)?.has(sha256)) return [];
  const newest = Math.max(0, ...[...digests].filter(([, digest]) => digest === sha256).map(([version]) => version));
  if (newest === 0) return [`${rel}: the file on the share is no version (${bytes.length} bytes)`];
  return newest < shown ? [`${rel}: the file went back to v${newest} from v${shown}`] : [];
}

/** Versions that nobody made: a start may take in what people saved, and nothing else. */
function invented(box: DocBox, file: FileRow, answers: Answers, digests: Map<number, string>): string[] {
  if (answers.torn.has(file.rel)) return [];
  const made = answers.begun.get(file.rel);
  return rows
    .opsBetween(box.store, file.id, 0, file.head)
    .filter(({ source }) => source === 'import' || source === 'delete' || source === 'move')
    .filter(({ version, source }) => source !== 'import' || !made?.has(digests.get(version) ?? ''))
    .map(({ version, source }) => `${file.rel} v${version} was invented (${source})`);
}

/** The digest of the file of each version that is there, oldest first. */
async function digestsOf(box: DocBox, file: FileRow): Promise<Map<number, string>> {
  const digests = new Map<number, string>();
  for (const { version } of rows.opsBetween(box.store, file.id, 0, file.head))
    digests.set(version, await fileDigest(box, file, version));
  return digests;
}

/** Files of the share that people see, by path. */
export function shareOf(base: string): Map<string, Buffer> {
  const root = join(base, 'share');
  const files = new Map<string, Buffer>();
  if (!existsSync(root)) return files;
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !entry.name.startsWith('.')) files.set(path.slice(root.length + 1), readFileSync(path));
  }
  return files;
}
