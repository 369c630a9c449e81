import type { VersionBy, VersionGroup } from '../../protocol/index.ts';

/** What grouping looks at: one version of one document. */
export interface Groupable {
  version: number;
  at: number;
  by: VersionBy;
  source: string;
  note?: string;
  added: number;
  removed: number;
  undone: boolean;
  tags: readonly string[];
  /** Versions right before it that were taken away: they are part of it. */
  gone?: number;
}

/** Programs that save by themselves make a version every few seconds; a pause this long is a new sitting. */
const PAUSE_MS = 10 * 60_000;
const MAX_NOTES = 5;

/** Groups versions that come newest first; the groups come newest first too. A tagged version ends its group. Pure. */
export function groupVersions(versions: readonly Groupable[]): VersionGroup[] {
  const groups: VersionGroup[] = [];
  let newer: Groupable | undefined;
  for (const entry of versions) {
    const open = groups.at(-1);
    if (open && newer && belongs(newer, entry)) add(open, entry);
    else groups.push(groupOf(entry));
    newer = entry;
  }
  return groups;
}

function belongs(newer: Groupable, older: Groupable): boolean {
  if (older.tags.length > 0) return false;
  const [a, b] = [newer.by, older.by];
  if (a.taskId !== null || b.taskId !== null) return a.taskId === b.taskId;
  const sameHand = a.kind === b.kind && a.personId === b.personId && a.agent === b.agent;
  // A rollback or a rename is a step of its own, whoever did it.
  const isPlain = (entry: Groupable): boolean => ['edit', 'import', 'merge'].includes(entry.source);
  return sameHand && isPlain(newer) && isPlain(older) && Math.abs(newer.at - older.at) <= PAUSE_MS;
}

function groupOf(entry: Groupable): VersionGroup {
  const { version, at, by, source, note, added, removed, tags } = entry;
  return {
    from: firstOf(entry),
    to: version,
    at,
    until: at,
    by,
    sources: [source],
    notes: note === undefined ? [] : [note],
    added,
    removed,
    undone: undoneIn(entry),
    tags: [...tags],
  };
}

function add(group: VersionGroup, older: Groupable): void {
  group.from = firstOf(older);
  group.at = older.at;
  group.added += older.added;
  group.removed += older.removed;
  group.undone += undoneIn(older);
  if (!group.sources.includes(older.source)) group.sources.push(older.source);
  const { note } = older;
  if (note !== undefined && group.notes.length < MAX_NOTES && !group.notes.includes(note)) group.notes.push(note);
}

function firstOf({ version, gone = 0 }: Groupable): number {
  return version - gone;
}

function undoneIn({ undone, gone = 0 }: Groupable): number {
  return undone ? 1 + gone : 0;
}
