import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from './checks.ts';
import { digest, type Field, pause, type Writer } from './fuzz-field.ts';
import type { SmbClient } from './samba.ts';

/** Milliseconds that a text is open at most: what others do meanwhile meets the save. */
const OPEN_MS = 20;
const WAYS = ['in place', 'by rename', 'backup dance', 'temporary dance'] as const;

/** A person whose programs save in all the ways there are; each save holds all that the file held, and one line more. */
export async function person(field: Field, names: readonly string[], own: Writer): Promise<void> {
  const saved = new Set<string>();
  while (!own.isDone) {
    await field.turn(own);
    const i = own.next();
    const name = names[i % names.length]!;
    if (saved.has(name) && (await field.isSeen(name))) own.noticed++;
    const before = readShared(join(field.root, name));
    if (before === undefined) {
      own.refused++;
      await pause(2);
      continue;
    }
    await pause(field.below(OPEN_MS));
    const text = withLine(before, `P-${i} saved`);
    save(field.root, name, text, field.pick(WAYS));
    saved.add(name);
    own.journal.push({ name, sha256: digest(text) });
  }
}

/** Another one at another machine. */
export async function overSamba(
  field: Field,
  names: readonly string[],
  own: Writer,
  { client, folder }: { client: SmbClient; folder: string },
): Promise<void> {
  const local = join(folder, 'samba-local');
  const saved = new Set<string>();
  while (!own.isDone) {
    await field.turn(own);
    const i = own.next();
    const name = names[i % names.length]!;
    if (saved.has(name) && (await field.isSeen(name))) own.noticed++;
    try {
      await client.run(`get ${name} ${local}`);
      await pause(field.below(OPEN_MS));
      const text = withLine(readFileSync(local, 'utf8'), `S-${i} saved`);
      writeFileSync(local, text);
      await client.run(`put ${local} ${name}`);
      saved.add(name);
      own.journal.push({ name, sha256: digest(text) });
    } catch (error) {
      own.refused++;
      // The file may be away, or ours may be moving into its place: the person sees it, and tries again.
      assert(
        /NT_STATUS_(OBJECT_NAME_NOT_FOUND|SHARING_VIOLATION|ACCESS_DENIED|FILE_CLOSED)/.test(String(error)),
        String(error),
      );
    }
  }
}

function readShared(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** One line more below the first; a long text loses its last lines, which are in versions of before. */
function withLine(text: string, line: string): string {
  const [first = '', ...rest] = text.split('\n');
  return [first, line, ...(rest.length > 60 ? rest.slice(0, 50).concat('') : rest)].join('\n');
}

function save(root: string, name: string, text: string, way: (typeof WAYS)[number]): void {
  const path = join(root, name);
  const write = (at: string): void => {
    const file = openSync(at, 'w');
    writeSync(file, text);
    fsyncSync(file);
    closeSync(file);
  };
  if (way === 'in place') return write(path);
  if (way === 'by rename') {
    write(join(root, `.${name}.saving`));
    return renameSync(join(root, `.${name}.saving`), path);
  }
  if (way === 'backup dance') {
    renameSync(path, `${path}~`);
    write(path);
    return rmSync(`${path}~`);
  }
  write(join(root, '~WRD0001.tmp'));
  renameSync(path, join(root, '~WRL0002.tmp'));
  renameSync(join(root, '~WRD0001.tmp'), path);
  rmSync(join(root, '~WRL0002.tmp'));
}
