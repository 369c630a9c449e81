import { hash } from 'node:crypto';

interface Kept {
  /** Of the file; empty: it was not asked for. */
  sha256: string;
  /** When it was answered or saved, by the clock of the box. */
  at: number;
}

/** What the workload had told people when the power went, and what people had saved. */
export interface Answers {
  /** Each answered version, by document. */
  versions: Map<string, Map<number, Kept>>;
  /** Newest version that the box said is on the share. */
  shown: Map<string, number>;
  /** What a person saved durably, the last one at the end; and digests that somebody began to save. */
  saved: Map<string, Kept[]>;
  begun: Map<string, Set<string>>;
  /** Documents that somebody is writing to in place at this moment: any bytes may be there. */
  torn: Set<string>;
  blobs: Set<string>;
  /** Documents that people took away. */
  gone: Set<string>;
  hasWorkspace: boolean;
  /** Somebody asked for versions of before this time to be taken away: they may be gone, or there as they were. */
  mayGoBefore: number;
}

/** In place means emptied first: whoever looks at that moment finds nothing in the file. */
const EMPTY = hash('sha256', '');

type Line =
  /** The program was started (again): nobody is saving any more. */
  | { t: 'start' }
  | { t: 'workspace' }
  | { t: 'version'; rel: string; version: number; sha256: string; at?: number }
  | { t: 'shown'; rel: string; version: number }
  | { t: 'saving'; rel: string; sha256: string; style: string }
  | { t: 'saved'; rel: string; sha256: string; at?: number }
  | { t: 'prune'; before: number }
  | { t: 'blob'; sha256: string }
  | { t: 'gone'; rel: string };

export function answersOf(lines: readonly string[]): Answers {
  const answers: Answers = {
    versions: new Map(),
    shown: new Map(),
    saved: new Map(),
    begun: new Map(),
    torn: new Set(),
    blobs: new Set(),
    gone: new Set(),
    hasWorkspace: false,
    mayGoBefore: 0,
  };
  for (const text of lines) {
    const line = JSON.parse(text) as Line;
    switch (line.t) {
      case 'start':
        answers.torn.clear();
        break;
      case 'workspace':
        answers.hasWorkspace = true;
        break;
      case 'version':
        entry(answers.versions, line.rel, () => new Map<number, Kept>()).set(line.version, keptOf(line));
        break;
      case 'shown':
        answers.shown.set(line.rel, line.version);
        break;
      case 'saving':
        entry(answers.begun, line.rel, () => new Set<string>()).add(line.sha256);
        if (line.style !== 'in place') break;
        answers.begun.get(line.rel)!.add(EMPTY);
        answers.torn.add(line.rel);
        break;
      case 'saved':
        entry(answers.saved, line.rel, () => [] as Kept[]).push(keptOf(line));
        answers.torn.delete(line.rel);
        break;
      case 'prune':
        answers.mayGoBefore = Math.max(answers.mayGoBefore, line.before);
        break;
      case 'blob':
        answers.blobs.add(line.sha256);
        break;
      case 'gone':
        answers.gone.add(line.rel);
        break;
    }
  }
  return answers;
}

/** What has no time never goes. */
function keptOf({ sha256, at = Number.POSITIVE_INFINITY }: { sha256: string; at?: number }): Kept {
  return { sha256, at };
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
