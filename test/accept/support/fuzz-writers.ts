import { hash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { jingu } from '../../support/jingu.ts';
import { ConsoleError, type LiveBox } from '../../support/live-box.ts';
import { assert } from './checks.ts';
import type { SmbClient } from './samba.ts';

/** What the box, or the file system, or the Samba server said yes to. `token` is in it and nowhere else. */
export interface Entry {
  name: string;
  token: string;
  /** Of an edit: what the answer said. */
  version?: number;
  changed?: { n: number; text: string }[];
  sha256?: string;
}

export interface Writer {
  journal: Entry[];
  asked: number;
  /** Asked for and refused, or not answered. */
  refused: number;
  /** Errors that no caller should ever see. */
  problems: string[];
}

/** The shared work: which documents, a random number, and whether the daemon runs at this moment. */
export interface Field {
  box: LiveBox;
  root: string;
  random: () => number;
  up: () => Promise<void>;
  /** Share of the door's operations that are done: the others keep to it, so that all meet all the time. */
  done: () => number;
}

export const TOKEN = /\b[APCS]-\d+\b/g;
const AGENTS = 6;
/** So far, as a share of all, a writer may be ahead of the door. */
const AHEAD = 0.02;
const WAYS = ['in place', 'by rename', 'backup dance', 'temporary dance'] as const;

export function writer(): Writer {
  return { journal: [], asked: 0, refused: 0, problems: [] };
}

/** Edits by the door, some at a time: sets, cuts, undoes, rolls back, on every document. */
export async function agents(field: Field, names: readonly string[], operations: number, own: Writer): Promise<void> {
  await Promise.all(Array.from({ length: AGENTS }, () => agent(field, names, operations, own)));
}

async function agent(field: Field, names: readonly string[], operations: number, own: Writer): Promise<void> {
  const { box, random } = field;
  const heads = new Map<string, { version: number; total: number }>();
  while (own.asked < operations) {
    const i = own.asked++;
    await field.up();
    const name = names[Math.floor(random() * names.length)]!;
    const path = `office/${name}`;
    const token = `A-${i}`;
    try {
      let head = heads.get(name);
      if (!head || random() < 0.6) head = await box.run<typeof head & object>('doc.read', { path, from: 1, to: 1 });
      const made = await edit(box, path, head, token, random());
      if (!made) continue;
      heads.delete(name);
      const entry: Entry = { name, token, version: made.version, changed: made.changed };
      // Some are asked for their digest at once; the rest is held against the lines that the answer showed.
      if (i % 10 === 0)
        entry.sha256 = (await box.run<{ sha256: string }>('doc.replay', { path, to: `v${made.version}` })).sha256;
      own.journal.push(entry);
    } catch (error) {
      heads.delete(name);
      refuse(own, error);
    }
  }
}

interface Made {
  version: number;
  changed: { n: number; text: string }[];
}

async function edit(
  box: LiveBox,
  path: string,
  head: { version: number; total: number },
  token: string,
  luck: number,
): Promise<Made | undefined> {
  const base = head.version;
  if (luck < 0.05) return void (await box.run('doc.undo', { path }));
  if (luck < 0.07 && base > 3) return void (await box.run('doc.rollback', { path, to: `v${base - 2}` }));
  const line = 1 + (Math.floor(luck * 977) % head.total);
  const text = [`${token} ${'x'.repeat(Math.floor(luck * 50))}`];
  const cut = head.total > 60 ? [{ cut: `${(line % head.total) + 1}` }] : [];
  return await box.run<Made>('doc.edit', { path, base, verbs: [{ set: `${line}`, text }, ...cut] });
}

/** The real command, a process for each call, some side by side. */
export async function cli(field: Field, names: readonly string[], operations: number, own: Writer): Promise<void> {
  const lane = async (from: number): Promise<void> => {
    for (let i = from; i < operations; i += 2) {
      await keepPace(field, i / operations);
      await field.up();
      const name = names[Math.floor(field.random() * names.length)]!;
      const path = `office/${name}`;
      const token = `C-${i}`;
      const asked = await jingu(field.box.data, ['doc', 'status', path]);
      const version = /"version":(\d+)/.exec(asked.stdout)?.[1];
      if (version === undefined) {
        own.refused++;
        continue;
      }
      const said = await jingu(field.box.data, [
        'doc',
        'edit',
        path,
        '--base',
        version,
        '--verbs',
        `put >1\n+${token}`,
      ]);
      if (said.code !== 0) {
        own.refused++;
        if (/INTERNAL|STORE_FAILED|DOC_VERB_INVALID/.test(said.stderr)) own.problems.push(said.stderr.slice(0, 400));
        continue;
      }
      const { data } = JSON.parse(said.stdout) as { data: Made };
      own.journal.push({ name, token, version: data.version, changed: data.changed });
    }
  };
  await Promise.all([lane(0), lane(1)]);
}

/** A person whose programs save in all the ways there are; each save holds all that the file held, and one line more. */
export async function person(field: Field, names: readonly string[], operations: number, own: Writer): Promise<void> {
  for (let i = 0; i < operations; i++) {
    await keepPace(field, i / operations);
    const name = names[i % names.length]!;
    const token = `P-${i}`;
    const text = withLine(readShared(join(field.root, name)), token);
    if (text === undefined) {
      own.refused++;
      await pause(2);
      continue;
    }
    save(field.root, name, text, WAYS[Math.floor(field.random() * WAYS.length)]!);
    own.journal.push({ name, token });
    await pause(field.random() * 5);
  }
}

/** Another one at another machine. */
export async function overSamba(
  field: Field & { client: SmbClient; folder: string },
  names: readonly string[],
  operations: number,
  own: Writer,
): Promise<void> {
  const local = join(field.folder, 'samba-local');
  for (let i = 0; i < operations; i++) {
    await keepPace(field, i / operations);
    const name = names[i % names.length]!;
    const token = `S-${i}`;
    try {
      await field.client.run(`get ${name} ${local}`);
      const text = withLine(readFileSync(local, 'utf8'), token);
      writeFileSync(local, text!);
      await field.client.run(`put ${local} ${name}`);
      own.journal.push({ name, token });
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

/** One line more at the top; a long text loses its last lines, which are in versions of before. */
function withLine(text: string | undefined, token: string): string | undefined {
  if (text === undefined) return undefined;
  const lines = text.split('\n');
  return [`${token} saved`, ...(lines.length > 60 ? lines.slice(0, 50).concat('') : lines)].join('\n');
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

function refuse(own: Writer, error: unknown): void {
  own.refused++;
  // A daemon that was killed answers nothing; all else must be an error that a caller can work with.
  if (error instanceof ConsoleError && !['INTERNAL', 'STORE_FAILED', 'DOC_CORRUPT'].includes(error.wire.code)) return;
  const { code } = error as { code?: string };
  if (code !== undefined && ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE'].includes(code)) return;
  if (error instanceof SyntaxError) return;
  own.problems.push(String(error).slice(0, 400));
}

export function digest(text: Uint8Array): string {
  return hash('sha256', text);
}

async function keepPace(field: Field, mine: number): Promise<void> {
  while (mine > field.done() + AHEAD && field.done() < 1) await pause(10);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
