import { Pace } from '../pace.ts';
import { BadBundle, type OpenBundle } from './read-bundle.ts';

/** One state of a file in a git history. */
export interface PastVersion {
  commit: string;
  author: string;
  /** Milliseconds since 1970. */
  at: number;
  message: string;
  /** The whole file as it was. */
  read(): Buffer;
}

const MAX_COMMITS = 200_000;

/**
 * The states of one file along the main line of a history (first parents), oldest first; commits that left the file as
 * it was are passed over. Throws BadBundle, and what the signal was aborted with; the list is empty if the file never was.
 */
export async function pastOf(
  bundle: OpenBundle,
  ref: string | undefined,
  path: string,
  signal?: AbortSignal,
): Promise<PastVersion[]> {
  const pace = new Pace(signal);
  const line = await mainLine(bundle, headOf(bundle, ref), pace);
  const names = path.split('/');
  const out: PastVersion[] = [];
  let before: string | undefined;
  for (const commit of line.reverse()) {
    const blob = blobAt(bundle, commit.tree, names);
    if (blob !== undefined && blob !== before) {
      const { id, author, at, message } = commit;
      out.push({ commit: id, author, at, message, read: () => bundle.object(blob, 'blob') });
    }
    before = blob ?? before;
    if (pace.isDue) await pace.turn();
  }
  return out;
}

/** Folders looked into for names. The same folder may stand in many others, which would be walked without an end. */
const MAX_FOLDERS = 500;

/** Paths of the files at the end of the history, as many as fit into an error. */
export async function filesAtEnd(
  bundle: OpenBundle,
  ref: string | undefined,
  max: number,
  signal?: AbortSignal,
): Promise<string[]> {
  const pace = new Pace(signal);
  const [last] = await mainLine(bundle, headOf(bundle, ref), pace, 1);
  const out: string[] = [];
  let folders = 0;
  const walk = async (tree: string, prefix: string): Promise<void> => {
    if (++folders > MAX_FOLDERS) return;
    if (pace.isDue) await pace.turn();
    for (const entry of entriesOf(bundle.object(tree, 'tree'))) {
      if (out.length >= max) return;
      if (entry.isFolder) await walk(entry.id, `${prefix}${entry.name}/`);
      else out.push(prefix + entry.name);
    }
  };
  if (last) await walk(last.tree, '');
  return out;
}

interface Commit {
  id: string;
  tree: string;
  author: string;
  at: number;
  message: string;
}

function headOf(bundle: OpenBundle, ref: string | undefined): string {
  const names =
    ref === undefined
      ? ['HEAD', 'refs/heads/main', 'refs/heads/master']
      : [ref, `refs/heads/${ref}`, `refs/tags/${ref}`];
  for (const name of names) {
    const id = bundle.refs.get(name);
    if (id !== undefined) return id;
  }
  const [only] = [...bundle.refs.values()];
  if (ref === undefined && only !== undefined) return only;
  throw new BadBundle(
    `it has no reference ${ref ?? 'at all'}; there are ${[...bundle.refs.keys()].slice(0, 10).join(', ')}`,
  );
}

async function mainLine(bundle: OpenBundle, head: string, pace: Pace, max = MAX_COMMITS): Promise<Commit[]> {
  const out: Commit[] = [];
  for (let id: string | undefined = peeled(bundle, head); id !== undefined && out.length < max; ) {
    const text: string = bundle.object(id, 'commit').toString('utf8');
    const split = text.indexOf('\n\n');
    const head = split < 0 ? text : text.slice(0, split);
    const tree = /^tree ([0-9a-f]{40})$/m.exec(head)?.[1];
    const author = /^author (.*) (\d{1,12}) [+-]\d{4}$/m.exec(head);
    if (tree === undefined) throw new BadBundle(`the commit ${id} names no tree`);
    out.push({
      id,
      tree,
      author: (author?.[1] ?? 'unknown').slice(0, 200),
      at: Number(author?.[2] ?? 0) * 1000,
      message: split < 0 ? '' : text.slice(split + 2).trim(),
    });
    if (out.length === MAX_COMMITS) throw new BadBundle(`more than ${MAX_COMMITS} commits`);
    id = /^parent ([0-9a-f]{40})$/m.exec(head)?.[1];
    if (pace.isDue) await pace.turn();
  }
  return out;
}

/** An annotated tag stands for the commit that it names. */
function peeled(bundle: OpenBundle, id: string): string {
  try {
    const text = bundle.object(id, 'tag').toString('utf8');
    return /^object ([0-9a-f]{40})$/m.exec(text)?.[1] ?? id;
  } catch {
    return id;
  }
}

function blobAt(bundle: OpenBundle, tree: string, names: readonly string[]): string | undefined {
  let id = tree;
  for (const [i, name] of names.entries()) {
    const entry = [...entriesOf(bundle.object(id, 'tree'))].find((each) => each.name === name);
    const isLast = i === names.length - 1;
    if (!entry || entry.isFolder === isLast || (isLast && !entry.isFile)) return undefined;
    id = entry.id;
  }
  return id;
}

function* entriesOf(tree: Buffer): Generator<{ name: string; id: string; isFolder: boolean; isFile: boolean }> {
  for (let at = 0; at < tree.length; ) {
    const space = tree.indexOf(32, at);
    const nul = space < 0 ? -1 : tree.indexOf(0, space);
    if (nul < 0 || nul + 21 > tree.length) throw new BadBundle('a folder in it cannot be read');
    const mode = tree.toString('latin1', at, space);
    yield {
      name: tree.toString('utf8', space + 1, nul),
      id: tree.toString('hex', nul + 1, nul + 21),
      isFolder: mode === '40000' || mode === '040000',
      isFile: mode.startsWith('100'),
    };
    at = nul + 21;
  }
}
