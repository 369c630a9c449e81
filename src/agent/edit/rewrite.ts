import { CELL_BREAK, type Labelled, rowOrder, yamlLead, yamlValue } from './label.ts';
import type { Candidate, Structure } from './structure.ts';
import { delimiterOf } from './structure.ts';

/**
 * The document's line after the model's new label, with everything that the model did not see put back: marker,
 * indentation, key, quotes, pipes. `undefined` when the label no longer has the form of that line.
 */
export function lineFromLabel(structure: Structure, chosen: Labelled, newLabel: string): string | undefined {
  const { candidate, label } = chosen;
  const text = newLabel.trim();
  if (text === '' || /[\r\n]/.test(text)) return undefined;
  if (structure.format === 'yaml') {
    const lead = yamlLead(candidate);
    return text.startsWith(lead) ? withYamlValue(structure, candidate, text.slice(lead.length)) : undefined;
  }
  if (candidate.cells) {
    const cells = text.split(CELL_BREAK).map((c) => c.trim());
    if (cells.length !== candidate.cells.length) return undefined;
    const order = rowOrder(candidate, structure.candidates);
    const values = candidate.cells.map((c) => c.value);
    order.forEach((column, i) => {
      values[column] = cells[i]!;
    });
    return withCells(structure, candidate, values);
  }
  return withBody(structure, candidate, withoutSuffix(candidate, label, text));
}

/** A label may have grown a suffix to be different from its twin; the model may or may not have copied it. */
function withoutSuffix(candidate: Candidate, label: string, text: string): string {
  const suffix = label.slice(candidate.body.length);
  return suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
}

export function withBody(structure: Structure, candidate: Candidate, body: string): string {
  const line = structure.lines[candidate.line - 1]!;
  return candidate.prefix + body + line.slice(candidate.prefix.length + candidate.body.length);
}

/** The row with other cell values; separators, padding and untouched cells keep their bytes. */
export function withCells(structure: Structure, candidate: Candidate, values: readonly string[]): string | undefined {
  let line = structure.lines[candidate.line - 1]!;
  const csv = structure.format === 'csv';
  for (let i = candidate.cells!.length - 1; i >= 0; i--) {
    const cell = candidate.cells![i]!;
    const value = values[i]!;
    if (value === cell.value) continue;
    const written = csv ? csvCell(value, csvDelimiter(structure), line[cell.start] === '"') : pipeCell(value);
    if (written === undefined) return undefined;
    line = line.slice(0, cell.start) + written + line.slice(cell.end);
  }
  return line;
}

export function csvDelimiter(structure: Structure): string {
  const header = structure.lines.find((l) => l.trim() !== '' && !l.startsWith('#')) ?? '';
  return delimiterOf(structure.path, header);
}

export function csvCell(value: string, delimiter: string, quoted: boolean): string {
  const must = quoted || value.includes(delimiter) || value.includes('"') || /^\s|\s$/.test(value);
  return must ? `"${value.replaceAll('"', '""')}"` : value;
}

function pipeCell(value: string): string | undefined {
  return value.includes('\n') ? undefined : value.replaceAll(/(?<!\\)\|/g, '\\|');
}

/** Same key, same indentation, same way of quoting, same type of value; a trailing comment stays. */
export function withYamlValue(structure: Structure, candidate: Candidate, value: string): string | undefined {
  const { at, text: old } = yamlValue(candidate);
  const quote = /^(["']).*\1$/.exec(old)?.[1] ?? '';
  const bare = value
    .replace(/\s+#.*$/, '')
    .replace(/^(["'])(.*)\1$/, '$2')
    .trim();
  if (bare === '') return undefined;
  const written = quote === '' ? plainYaml(old, bare) : `${quote}${bare}${quote}`;
  if (written === undefined || (quote !== '' && bare.includes(quote))) return undefined;
  const body = candidate.body.slice(0, at) + written + candidate.body.slice(at + old.length);
  return withBody(structure, candidate, body);
}

function plainYaml(old: string, value: string): string | undefined {
  const number = /^[-+]?\d+(?:\.\d+)?$/;
  if (number.test(old)) return number.test(value) ? value : undefined;
  const pair = SWITCHES.find((p) => p.includes(old.toLowerCase()));
  if (pair) {
    const on = ['true', 'yes', 'on', 'enabled'].includes(value.toLowerCase());
    const off = ['false', 'no', 'off', 'disabled'].includes(value.toLowerCase());
    if (!on && !off) return undefined;
    const word = pair[on ? 0 : 1]!;
    return old === old.toUpperCase()
      ? word.toUpperCase()
      : /^[A-Z]/.test(old)
        ? word[0]!.toUpperCase() + word.slice(1)
        : word;
  }
  // A plain scalar must stay one: nothing that YAML reads as structure (YAML 1.2.2, 7.3.3).
  return /^[-?:,[\]{}#&*!|>'"%@`]|:\s|\s#|:$/.test(value) ? undefined : value;
}

const SWITCHES = [
  ['true', 'false'],
  ['yes', 'no'],
  ['on', 'off'],
];
