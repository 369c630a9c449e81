import { Pace } from '../pace.ts';
import type { FileRow, OpRow } from '../rows.ts';
import { deltaOf } from './delta.ts';
import { Folders } from './folders.ts';
import { commitBytes, idOf, objectId, type Signature, treeBytes } from './objects.ts';
import { type PackObject, packBytes } from './pack-writer.ts';
import { Reel, type Sources, type Step, stepsOf } from './story.ts';

/** Deltas one upon the other before a whole text stands again: git's own depth (pack.depth). */
const CHAIN = 50;

export interface ExportOptions extends Sources {
  files: readonly FileRow[];
  /** Folder that the paths of the history begin below: '' for a whole workspace, else `a/b/`. */
  below: string;
  tags: readonly { name: string; file: string; version: number }[];
  signal: AbortSignal;
}

export interface Bundle {
  commits: number;
  versions: number;
  head: string;
  bytes: AsyncIterable<Buffer>;
}

interface Commit {
  blobs: string[];
  id: string;
  bytes: Buffer;
  trees: { id: string; bytes: Buffer }[];
}

/**
 * The history of documents as a git bundle, version 2 (gitformat-bundle(5)): `git clone FILE` opens it. One commit for
 * each call, so what was changed together stays together. The texts are walked twice: once for the ids, which a pack
 * needs before its first byte (it begins with the number of objects), and once for the bytes.
 */
export async function gitBundle(o: ExportOptions): Promise<Bundle> {
  const known = new Set<string>();
  const commits: Commit[] = [];
  const tags = new Map<string, string>();
  const reels = new Map<string, Reel>();
  const folders = new Folders();
  const pace = new Pace(o.signal);
  let objects = 0;
  let versions = 0;
  const isNew = (id: string): boolean => {
    if (known.has(id)) return false;
    known.add(id);
    objects++;
    return true;
  };
  for await (const steps of byCall(stepsOf(o.db, o.files, pace))) {
    const blobs: string[] = [];
    for (const step of steps) {
      const reel = reelOf(reels, o, step.file);
      const { length, pieces } = await reel.file(step.op.version, reel.next(step.op).tree);
      const blob = await objectId('blob', length, pieces);
      isNew(blob);
      blobs.push(blob);
      folders.place(step.file.id, step.rel === undefined ? undefined : insideOf(step.rel, o.below), blob);
      versions++;
    }
    const trees: Commit['trees'] = [];
    const tree = folders.write((entries) => {
      const bytes = treeBytes(entries);
      const id = idOf('tree', bytes);
      if (isNew(id)) trees.push({ id, bytes });
      return id;
    });
    const { op } = steps[0]!;
    const bytes = commitBytes({ tree, parent: commits.at(-1)?.id, author: authorOf(op), message: messageOf(steps) });
    const id = idOf('commit', bytes);
    isNew(id);
    commits.push({ blobs, id, bytes, trees });
    for (const {
      file,
      op: { version },
    } of steps) {
      for (const tag of o.tags) {
        if (tag.file === file.id && tag.version === version) tags.set(refName(tag.name), id);
      }
    }
  }
  const head = commits.at(-1)!.id;
  const refs = [`${head} HEAD`, `${head} refs/heads/main`, ...[...tags].map(([name, id]) => `${id} refs/tags/${name}`)];
  const lines = Buffer.from(`# v2 git bundle\n${refs.join('\n')}\n\n`);
  return { commits: commits.length, versions, head, bytes: bundled(lines, packBytes(objects, objectsOf(o, commits))) };
}

async function* bundled(head: Buffer, pack: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  yield* pack;
}

/** The second walk. A text that differs little from the one before it goes as what differs. */
async function* objectsOf(o: ExportOptions, commits: readonly Commit[]): AsyncGenerator<PackObject> {
  const reels = new Map<string, Reel>();
  const last = new Map<string, string>();
  /** Blobs that are in the pack, each with the number of deltas below it. */
  const depths = new Map<string, number>();
  let at = 0;
  for await (const steps of byCall(stepsOf(o.db, o.files, new Pace(o.signal)))) {
    const commit = commits[at++];
    // What came since the first walk is for the next export.
    if (!commit || commit.blobs.length !== steps.length) return;
    for (const [i, step] of steps.entries()) {
      const reel = reelOf(reels, o, step.file);
      const { tree, change, before } = reel.next(step.op);
      const blob = commit.blobs[i]!;
      const base = last.get(step.file.id);
      last.set(step.file.id, blob);
      if (depths.has(blob)) continue;
      const depth = base === undefined ? CHAIN : depths.get(base)!;
      const delta = change && before && depth < CHAIN ? deltaOf(change, before.bytes, tree.bytes) : undefined;
      if (base !== undefined && delta && delta.length < tree.bytes / 2) {
        yield { id: blob, kind: 'delta', base, bytes: delta };
        depths.set(blob, depth + 1);
      } else {
        const { pieces } = await reel.file(step.op.version, tree);
        yield { id: blob, kind: 'blob', bytes: Buffer.concat([...pieces]) };
        depths.set(blob, 0);
      }
    }
    for (const { id, bytes } of commit.trees) yield { id, kind: 'tree', bytes };
    yield { id: commit.id, kind: 'commit', bytes: commit.bytes };
  }
}

function reelOf(reels: Map<string, Reel>, sources: Sources, file: FileRow): Reel {
  const held = reels.get(file.id) ?? new Reel(sources, file);
  reels.set(file.id, held);
  return held;
}

async function* byCall(steps: AsyncIterable<Step>): AsyncGenerator<Step[]> {
  let open: Step[] = [];
  for await (const step of steps) {
    // A call that made several versions of one document told a history of its own: each is a commit.
    const isOwn = open.some((other) => other.file.id === step.file.id);
    if (open.length > 0 && (isOwn || open[0]!.op.call !== step.op.call)) {
      yield open;
      open = [];
    }
    open.push(step);
  }
  if (open.length > 0) yield open;
}

function insideOf(rel: string, below: string): string {
  return rel.startsWith(below) ? rel.slice(below.length) : rel.slice(rel.lastIndexOf('/') + 1);
}

/**
 * Ids, not names: what a person is called is not this room's to tell, and an id stays right when a name changes. What
 * came from a git history keeps the author and the time that it had there.
 */
function authorOf({ actor, at, args }: OpRow): Signature {
  const { git } = JSON.parse(args) as { git?: { author?: unknown; at?: unknown } };
  const known = typeof git?.author === 'string' ? /^(.*) <([^<>]*)>$/.exec(git.author) : null;
  if (known && typeof git?.at === 'number') return { name: known[1]!, email: known[2]!, at: git.at };
  const who = actor.personId ?? actor.kind;
  return { name: actor.agent === null ? who : `${who} (${actor.agent})`, email: `${who}@jingu.invalid`, at };
}

/** What a person reads in `git log`: the note, or what was done; the rest as trailers. */
function messageOf(steps: readonly Step[]): string {
  const { op } = steps[0]!;
  const names = steps.map(({ file, op: { version } }) => `${file.rel.split('\0')[0]} v${version}`);
  const title = op.note ?? `${op.source[0]!.toUpperCase()}${op.source.slice(1)} ${names.slice(0, 3).join(', ')}`;
  const trailers = [
    ...steps.map(({ file, op: { version, digest } }) => `Jingu-Version: ${file.id} v${version} ${digest}`),
    `Jingu-Call: ${op.call}`,
    `Jingu-Source: ${op.source}`,
    ...(op.task === null ? [] : [`Jingu-Task: ${op.task}`]),
  ];
  return `${title.replaceAll('\0', ' ')}\n\n${trailers.join('\n')}`;
}

/** What no reference of git may hold (git-check-ref-format(1)), and white space. */
const NOT_IN_REFS = /[\s~^:?*[\]\\]|\.\.|@\{|\p{Cc}/gu;

/** A tag as a reference of git. */
function refName(tag: string): string {
  const plain = tag.replaceAll(NOT_IN_REFS, '-').replaceAll(/\/+/g, '/');
  return plain.replaceAll(/^[./-]+|[./]+$|\.lock$/g, '') || 'tag';
}
