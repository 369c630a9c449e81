import type { Caller } from '../../protocol/index.ts';
import type { LineSpan } from './target.ts';

const MAX_CALLERS = 256;
const MAX_DOCUMENTS = 200;
const MAX_VERSIONS = 16;
const MAX_SPANS = 2000;
const MAX_CANDIDATES = 200;

/** A numbered line (or a part of it) that a caller may name as `#3`. */
export interface ShownCandidate {
  file: string;
  version: number;
  line: number;
  /** Characters of the line, counted from 1, both included. */
  chars?: { from: number; to: number };
}

interface CallerMemory {
  /** By document, then by version: sorted spans that do not touch. */
  lines: Map<string, Map<number, LineSpan[]>>;
  candidates: Map<number, ShownCandidate>;
}

/**
 * What was shown to whom: lines of documents at versions, and the last numbered candidates. Kept in memory only and
 * bounded, the oldest going first; whoever is forgotten (a restart, a long pause) is shown the lines once more.
 */
export class ShownMemory {
  readonly #callers = new Map<string, CallerMemory>();

  note(caller: Caller, file: string, version: number, spans: readonly LineSpan[]): void {
    if (spans.length === 0) return;
    const memory = this.#of(caller);
    const versions = memory.lines.get(file) ?? new Map<number, LineSpan[]>();
    const merged = mergeSpans([...(versions.get(version) ?? []), ...spans]);
    versions.delete(version);
    versions.set(version, merged.length > MAX_SPANS ? merged.slice(-MAX_SPANS) : merged);
    memory.lines.delete(file);
    memory.lines.set(file, versions);
    dropOldest(versions, MAX_VERSIONS);
    dropOldest(memory.lines, MAX_DOCUMENTS);
  }

  /** Lines as they were shown, by number. */
  noteLines(caller: Caller, file: string, version: number, lines: readonly number[]): void {
    this.note(
      caller,
      file,
      version,
      lines.map((n) => ({ from: n, to: n })),
    );
  }

  /** These are the candidates that `#1`, `#2` ... mean from now on, instead of all that were shown before. */
  offer(caller: Caller, candidates: readonly (ShownCandidate & { ref: number })[]): void {
    const memory = this.#of(caller);
    const shown = candidates.slice(0, MAX_CANDIDATES);
    memory.candidates = new Map(shown.map(({ ref, ...candidate }) => [ref, candidate]));
    for (const { file, version, line } of shown) this.noteLines(caller, file, version, [line]);
  }

  /** Versions of a document of which something was shown, the latest shown first. */
  shown(caller: Caller, file: string): [version: number, spans: readonly LineSpan[]][] {
    return [...(this.#callers.get(keyOf(caller))?.lines.get(file) ?? [])].reverse();
  }

  candidate(caller: Caller, ref: number): ShownCandidate | undefined {
    return this.#callers.get(keyOf(caller))?.candidates.get(ref);
  }

  #of(caller: Caller): CallerMemory {
    const key = keyOf(caller);
    const memory = this.#callers.get(key) ?? { lines: new Map(), candidates: new Map() };
    this.#callers.delete(key);
    this.#callers.set(key, memory);
    dropOldest(this.#callers, MAX_CALLERS);
    return memory;
  }
}

/** A task is one reader whatever session carries it; else a session, a device, a person. */
function keyOf({ taskId, sessionId, deviceId, personId, kind, agent }: Caller): string {
  if (taskId !== null) return `task ${taskId}`;
  return `${kind} ${agent ?? ''} ${sessionId ?? deviceId ?? personId ?? ''}`;
}

function dropOldest(map: Map<unknown, unknown>, max: number): void {
  for (const key of map.keys()) {
    if (map.size <= max) return;
    map.delete(key);
  }
}

/** Sorted; spans that meet become one. */
export function mergeSpans(spans: readonly LineSpan[]): LineSpan[] {
  const out: LineSpan[] = [];
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    const last = out.at(-1);
    if (last && from <= last.to + 1) last.to = Math.max(last.to, to);
    else if (to >= from) out.push({ from, to });
  }
  return out;
}
