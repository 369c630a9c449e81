import type { Candidate, Structure } from './structure.ts';

export interface Labelled {
  candidate: Candidate;
  /** Different for each candidate; what the model reads and copies. */
  label: string;
}

/** Between the cells of a row, as the model sees and writes them. */
export const CELL_BREAK = ' | ';

/**
 * Gives each candidate a text of its own: a line is itself, a row its cells with the most telling one first, a YAML line
 * its path. Measured on a 1.5B model: shown the very alternatives of the grammar it picked the right one 38 times of 39,
 * shown the raw document 25 times.
 */
export function labelled(structure: Structure, candidates: readonly Candidate[]): Labelled[] {
  const named = candidates.map((candidate) => ({ candidate, label: labelOf(structure, candidate, candidates) }));
  for (const grow of [withContext, withLine]) {
    const seen = new Map<string, number>();
    for (const { label } of named) seen.set(label, (seen.get(label) ?? 0) + 1);
    for (const entry of named) if (seen.get(entry.label)! > 1) entry.label = grow(entry);
  }
  return named;
}

function labelOf(structure: Structure, candidate: Candidate, all: readonly Candidate[]): string {
  if (structure.format === 'yaml') return yamlLead(candidate) + yamlValue(candidate).text;
  if (candidate.cells)
    return rowOrder(candidate, all)
      .map((i) => candidate.cells![i]!.value)
      .join(CELL_BREAK);
  return candidate.body;
}

/** `mail.port: ` of `port: 587` under `mail:`; `admins - ` of an item. */
export function yamlLead(candidate: Candidate): string {
  const value = yamlValue(candidate);
  const key = candidate.body.slice(0, value.at);
  const path = candidate.context.join('.');
  if (key === '') return `${path} - `;
  return path === '' ? key : `${path}.${key}`;
}

/** What stands behind the key, or the whole item. A trailing comment belongs to neither. */
export function yamlValue(candidate: Candidate): { at: number; text: string } {
  const key = /^(?:"[^"]*"|'[^']*'|[^\s#'"][^#]*?):\s+/.exec(candidate.body)?.[0] ?? '';
  const rest = candidate.body.slice(key.length);
  const comment = /\s+#.*$/.exec(rest)?.[0] ?? '';
  return { at: key.length, text: rest.slice(0, rest.length - comment.length) };
}

/** Column order for the label: first the column that holds words and differs from row to row, then the others. */
export function rowOrder(candidate: Candidate, all: readonly Candidate[]): number[] {
  const order = candidate.cells!.map((_, i) => i);
  const rows = all.filter((c) => c.cells && sameTable(c, candidate));
  const telling = order.find((column) => {
    const values = rows.map((r) => r.cells![column]!.value);
    const wordy = values.filter((v) => /\p{L}{2}/u.test(v)).length;
    return wordy * 10 >= values.length * 9 && new Set(values).size === values.length;
  });
  return telling === undefined ? order : [telling, ...order.filter((i) => i !== telling)];
}

export function sameTable(a: Candidate, b: Candidate): boolean {
  return (
    a.cells!.length === b.cells!.length &&
    a.cells!.every((cell, i) => cell.column === b.cells![i]!.column) &&
    a.context.join('\0') === b.context.join('\0')
  );
}

const withContext = ({ candidate, label }: Labelled) =>
  candidate.context.length === 0 ? label : `${label} (${candidate.context.at(-1)})`;
const withLine = ({ candidate, label }: Labelled) => `${label} (line ${candidate.line})`;
