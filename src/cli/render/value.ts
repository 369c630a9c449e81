import { showHidden } from '../../common/hidden-characters.ts';
import { kebab } from '../globals.ts';
import type { Terminal } from '../terminal.ts';
import { pad, table, width } from './table.ts';

/** Any answer for people: facts as lines, lists of objects as tables, a diff in colour, text as it is. */
export function renderValue(value: unknown, terminal: Terminal): string {
  if (!isRecord(value)) return Array.isArray(value) ? renderList(value, terminal) : plain(value);
  const simple = Object.entries(value).filter(
    ([, member]) => !isBlock(member) && member !== null && member !== undefined,
  );
  const labels = Math.max(0, ...simple.map(([name]) => width(title(name))));
  const parts = simple.map(([name, member]) => `${pad(title(name), labels)}  ${shown(name, member)}`);
  for (const [name, member] of Object.entries(value)) {
    if (isBlock(member)) parts.push('', `${terminal.style('bold', title(name))}`, renderBlock(name, member, terminal));
  }
  return parts.join('\n').replace(/^\n/, '');
}

/** Takes lines or a list or an object of its own, not a place behind a label. */
function isBlock(member: unknown): boolean {
  if (typeof member === 'string') return member.includes('\n');
  if (Array.isArray(member)) return member.length > 0 && (member.some(isRecord) || width(member.join(', ')) > 60);
  return isRecord(member) && Object.keys(member).length > 0;
}

function renderBlock(name: string, member: unknown, terminal: Terminal): string {
  if (name === 'diff' && typeof member === 'string') return renderDiff(member, terminal);
  if (typeof member === 'string') return plain(member).trimEnd();
  return renderValue(member, terminal).replaceAll(/^(?=.)/gm, '  ');
}

function renderList(list: readonly unknown[], terminal: Terminal): string {
  if (list.length === 0) return terminal.style('dim', '(none)');
  if (!list.every(isRecord)) return list.map(plain).join('\n');
  if (list.every((row) => 'n' in row && 'text' in row)) return renderLines(list);
  const names = [...new Set(list.flatMap((row) => Object.keys(row)))].filter((name) =>
    list.some((row) => row[name] !== null && row[name] !== undefined && !isDeep(row[name])),
  );
  const rows = list.map((row) =>
    names.map((name) => (isDeep(row[name]) ? '' : shown(name, row[name])).replaceAll('\n', ' ')),
  );
  return table(names.map(title), rows, terminal.columns);
}

const isDeep = (value: unknown): boolean => isRecord(value) || (Array.isArray(value) && value.some(isRecord));

/** Numbered lines of a document. */
function renderLines(lines: readonly Record<string, unknown>[]): string {
  const columns = Math.max(...lines.map((line) => String(line['n']).length));
  return lines.map((line) => `${String(line['n']).padStart(columns)}  ${plain(line['text'])}`).join('\n');
}

export function renderDiff(diff: string, terminal: Terminal): string {
  return plain(diff)
    .trimEnd()
    .split('\n')
    .map((line) => {
      if (/^(\+\+\+|---|diff |index )/.test(line)) return terminal.style('bold', line);
      if (line.startsWith('@@')) return terminal.style('cyan', line);
      if (line.startsWith('+')) return terminal.style('green', line);
      if (line.startsWith('-')) return terminal.style('red', line);
      return line;
    })
    .join('\n');
}

function shown(name: string, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(plain).join(', ');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number' && /(^at|^ts|At|modified)$/.test(name) && value > 1e12) return instant(value);
  if (typeof value === 'number' && /InMs$/.test(name)) return span(value);
  if (typeof value === 'number' && /Seconds$/.test(name)) return span(value * 1000);
  if (isRecord(value)) return JSON.stringify(value);
  return plain(value);
}

/** Text of documents and models must not drive the terminal or look like another: hidden characters are shown. */
export function plain(value: unknown): string {
  const text = typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value);
  return showHidden(text, (hex) => `\\u{${hex}}`);
}

const title = (name: string): string => {
  const words = kebab(name.replace(/InMs$/, 'In').replace(/Seconds$/, '')).replaceAll('-', ' ');
  return (words.charAt(0).toUpperCase() + words.slice(1)).replace(/ mb$/, ' MB');
};

export function instant(ms: number): string {
  const date = new Date(ms);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
