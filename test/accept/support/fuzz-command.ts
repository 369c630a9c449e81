import { CliSession } from '../../support/cli-session.ts';
import { jingu, type Said } from '../../support/jingu.ts';
import { type Entry, FAULTS, type Field, type Writer } from './fuzz-field.ts';

/** Two terminals. */
const TERMINALS = 2;

interface Made {
  version: number;
  changed?: { n: number; text: string }[];
}

/**
 * The `jingu` command in two terminals: reads where a document stands, edits it, takes back, rolls back, and asks for the
 * digest. One edit in `ownEach` is a process of its own; the others share one a terminal, which is killed with the daemon.
 * Gives the number of edits that were processes of their own.
 */
export async function command(field: Field, names: readonly string[], own: Writer, ownEach: number): Promise<number> {
  let processes = 0;
  const terminal = async (): Promise<void> => {
    let session = new CliSession(field.box.data);
    const die = async (): Promise<void> => {
      await session.kill();
      session = new CliSession(field.box.data);
    };
    field.dying.add(die);
    while (!own.isDone) {
      await field.turn(own);
      const i = own.next();
      const isOwn = i % ownEach === 0;
      if (isOwn) processes++;
      await operation(field, own, field.pick(names), i, {
        ask: (args) => session.run(args),
        act: (args) => (isOwn ? jingu(field.box.data, args) : session.run(args)),
      });
    }
    field.dying.delete(die);
    await session.kill();
  };
  await Promise.all(Array.from({ length: TERMINALS }, terminal));
  return processes;
}

type Run = (args: readonly string[]) => Promise<Said>;

async function operation(
  field: Field,
  own: Writer,
  name: string,
  i: number,
  { ask, act }: { ask: Run; act: Run },
): Promise<void> {
  const path = `office/${name}`;
  const read = dataOf<{ version: number; total: number }>(
    own,
    await ask(['doc', 'read', path, '--from', '1', '--to', '1']),
  );
  if (!read) return;
  const said = await act(wordsFor(path, read, i, field.random()));
  const made = dataOf<Made & { versions?: Made[] }>(own, said);
  if (!made) return;
  const { version, changed } = made.versions?.[0] ?? made;
  const entry: Entry = { name, version, ...(changed ? { changed } : {}) };
  own.journal.push(entry);
  const replayed = dataOf<{ sha256: string }>(own, await ask(['doc', 'replay', path, '--to', `v${version}`]));
  // Killed in between: the lines of the answer are what was recorded.
  if (replayed) entry.sha256 = replayed.sha256;
}

/** Line 1 is the agent's. */
function wordsFor(
  path: string,
  { version, total }: { version: number; total: number },
  i: number,
  luck: number,
): string[] {
  if (luck < 0.04 && version > 2) return ['doc', 'undo', path];
  if (luck < 0.06 && version > 3) return ['doc', 'rollback', path, '--to', `v${version - 2}`];
  const line = 2 + (Math.floor(luck * 977) % Math.max(1, total - 2));
  const text = `+C-${i} ${'x'.repeat(Math.floor(luck * 50))}`;
  const verbs =
    total > 60 ? `set ${line}\n${text}\ncut ${line + 1 > total - 1 ? 2 : line + 1}` : `put >${line}\n${text}`;
  return ['doc', 'edit', path, '--base', `${version}`, '--verbs', verbs];
}

/** Nothing if the command was refused, or killed. */
function dataOf<T>(own: Writer, { code, stdout, stderr }: Said): T | undefined {
  if (code === 0) return (JSON.parse(stdout) as { data: T }).data;
  own.refused++;
  if (FAULTS.some((fault) => stderr.includes(fault) || stdout.includes(fault)) || /VERB_INVALID|USAGE/.test(stderr))
    own.problems.push((stderr || stdout).slice(0, 400));
  return undefined;
}
