import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJinguError } from '../../src/common/index.ts';
import { type Kernel, loadKernel } from '../../src/realdoc/projection/kernel.ts';
import { DocBox } from './doc-box.ts';

export const WAYS = ['rename', 'inplace', 'truncate', 'dance'] as const;
const START = Array.from({ length: 20 }, (_, i) => `line ${i + 1}\n`).join('');

export interface RaceOptions {
  /** Saves of each document. */
  saves: number;
  /** Documents of each program; there is one program a way. */
  documents: number;
  /** Mean time between two saves of a document, and twice the time between two edits. */
  pauseMs: number;
  seed: number;
  /** `none`: by second name and rename. `careless`: a planted bug, what is displaced is thrown away unseen. */
  kernel?: 'own' | 'none' | 'careless';
}

export interface RaceResult {
  saves: number;
  edits: number;
  versions: number;
  /** Lines that a program saved and that are in no version. */
  lost: string[];
  problems: unknown[];
  leftovers: string[];
  /** Files that are not the newest version of their document. */
  different: string[];
}

/**
 * Programs that save at random moments, by every way there is, against edits of the box as fast as it goes. Each program
 * reads before it saves, so its own next save never takes an earlier one away: what is missing, the box lost.
 */
export async function race({ saves, documents, pauseMs, seed, kernel = 'own' }: RaceOptions): Promise<RaceResult> {
  const box = await DocBox.open({ watch: true, kernel: () => kernelOf(kernel) });
  try {
    const names = WAYS.flatMap((way) => Array.from({ length: documents }, (_, n) => `${way}${n}.md`));
    return await raceOf(box, names, pauseMs / 2, async () => {
      const told = await Promise.all(WAYS.map((way, i) => saver(box.root, [way, seed + i, saves, pauseMs, documents])));
      const saved = told.flat();
      if (saved.length !== names.length * saves) throw new Error(`only ${saved.length} saves were told`);
      return saved;
    });
  } finally {
    await box.destroy();
  }
}

/** Edits the named documents while `save` runs, which answers with `name<tab>line` for each save that was acknowledged. */
export async function raceOf(
  box: DocBox,
  names: readonly string[],
  pauseMs: number,
  save: () => Promise<string[]>,
): Promise<RaceResult> {
  for (const name of names) writeFileSync(join(box.root, name), START);
  await box.addWorkspace();
  const result: RaceResult = { saves: 0, edits: 0, versions: 0, lost: [], problems: [], leftovers: [], different: [] };
  let isOver = false;
  const editing = names.map(async (name) => {
    const path = `office/${name}`;
    for (let i = 0, base = 1; !isOver; i++) {
      try {
        const verbs = [{ set: `${1 + (i % 20)}`, text: [`edit ${i}`] }];
        base = (await box.call<{ version: number }>('doc.edit', { path, base, verbs })).version;
        result.edits++;
      } catch (error) {
        // The line was saved over, or the file is away for the moment of a dance.
        if (!isJinguError(error)) throw error;
        base = (await box.room.locate(path, { deleted: true, look: false })).head;
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  });
  const saved = await save().finally(() => {
    isOver = true;
  });
  await Promise.all(editing);
  await settle(box);
  for (const name of names) {
    const lines = saved.filter((line) => line.startsWith(`${name}\t`)).map((line) => line.slice(name.length + 1));
    await examine(box, name, lines, result);
  }
  await box.room.stop();
  result.leftovers = readdirSync(box.root).filter((name) => name.includes('.rd-'));
  return result;
}

async function kernelOf(which: 'own' | 'none' | 'careless'): Promise<Kernel | undefined> {
  const own = await loadKernel();
  if (which === 'none' || !own) return undefined;
  return which === 'own' ? own : { ...own, exchange: renameSync, hasWriter: () => undefined };
}

async function saver(root: string, args: readonly (string | number)[]): Promise<string[]> {
  const program = join(import.meta.dirname, 'share-saver.ts');
  const child = spawn(process.execPath, [program, root, ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`the program that saves by ${args[0]} ended with ${code}`);
  return output.split('\n').slice(0, -1);
}

/** Until nothing is under way and a whole scan finds nothing new. */
export async function settle(box: DocBox): Promise<void> {
  const imports = (): number => box.door.calls.filter((call) => call.operation === 'doc.import').length;
  for (let before = -1; before !== imports(); ) {
    before = imports();
    await box.room.settled();
    await box.room.scan(box.room.workspace('office'));
    await box.call('doc.status', { path: 'office', waitMs: 30_000 });
    await box.room.settled();
  }
}

/** Every text that a document ever was, oldest first. */
export async function everyVersion(box: DocBox, path: string): Promise<string[]> {
  const file = await box.room.locate(path, { deleted: true, look: false });
  const texts: string[] = [];
  for (let v = 1; v <= file.head; v++) texts.push(box.room.documents.at(file, v).toBuffer().toString('utf8'));
  return texts;
}

async function examine(box: DocBox, rel: string, saved: readonly string[], result: RaceResult): Promise<void> {
  const texts = await everyVersion(box, `office/${rel}`);
  const known = new Set(texts.flatMap((text) => text.split('\n')));
  result.saves += saved.length;
  result.versions += texts.length;
  result.lost.push(...saved.filter((line) => !known.has(line)));
  if (readFileSync(join(box.root, rel), 'utf8') !== texts.at(-1)) result.different.push(rel);
  const { problems } = await box.call<{ problems: unknown[] }>('doc.verify', { path: `office/${rel}`, full: true });
  result.problems.push(...problems);
}
