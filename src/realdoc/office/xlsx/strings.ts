import { prefixOf } from '../edit-element.ts';
import type { TextHunk } from '../runs.ts';
import type { XmlElement } from '../xml.ts';
import { escapeXml } from '../xml-text.ts';

/** One run of a cell's text; `look` is the inside of `rPr`, written with the prefix of `prefixed`. */
export interface TextRun {
  text: string;
  look?: XmlElement;
}

/** What `si` and `is` hold: runs, or one plain text. Phonetic hints are no text. */
export function runsOf(item: XmlElement): TextRun[] {
  const runs: TextRun[] = [];
  for (const child of item.elements()) {
    if (child.local === 't') runs.push({ text: decodeControls(child.text) });
    else if (child.local === 'r') {
      const look = child.first('rPr');
      runs.push({ text: decodeControls(child.first('t')?.text ?? ''), ...(look ? { look } : {}) });
    }
  }
  return runs;
}

export function joined(runs: readonly TextRun[]): string {
  return runs.map((run) => run.text).join('');
}

/** The runs after the hunks. New text joins the run of the first character that it replaces. */
export function changeRuns(runs: readonly TextRun[], hunks: readonly TextHunk[]): TextRun[] {
  const out = runs.map((run) => ({ ...run }));
  for (const hunk of [...hunks].reverse()) {
    let start = 0;
    let isPlaced = hunk.text === '';
    const spans = out.map((run) => {
      const span = { from: start, to: start + run.text.length };
      start = span.to;
      return span;
    });
    const first = spans.findIndex((span) => (hunk.from === hunk.to ? span.to >= hunk.from : span.to > hunk.from)) ?? 0;
    for (const [i, run] of out.entries()) {
      const { from, to } = spans[i]!;
      const cutFrom = Math.max(hunk.from, from) - from;
      const cutTo = Math.min(hunk.to, to) - from;
      if (i === first && !isPlaced) {
        run.text = run.text.slice(0, cutFrom) + hunk.text + run.text.slice(Math.max(cutFrom, cutTo));
        isPlaced = true;
      } else if (cutTo > cutFrom) run.text = run.text.slice(0, cutFrom) + run.text.slice(cutTo);
    }
  }
  return out.filter((run) => run.text !== '');
}

/** `<is>` with these runs; `bytes` hold their looks, `prefix` is that of the sheet. */
export function inlineString(runs: readonly TextRun[], bytes: Buffer | undefined, prefix: string): string {
  const [only] = runs;
  if (runs.length <= 1 && !only?.look) return `<${prefix}is>${textElement(only?.text ?? '', prefix)}</${prefix}is>`;
  const written = runs.map((run) => {
    const look = run.look && bytes ? rewritten(run.look, bytes, prefix) : '';
    return `<${prefix}r>${look}${textElement(run.text, prefix)}</${prefix}r>`;
  });
  return `<${prefix}is>${written.join('')}</${prefix}is>`;
}

function textElement(text: string, prefix: string): string {
  const space = /^[ \t\n]|[ \t\n]$|\n| {2}/.test(text) ? ' xml:space="preserve"' : '';
  return `<${prefix}t${space}>${escapeXml(encodeControls(text))}</${prefix}t>`;
}

/** An element with the prefix that another part has bound for the same namespace. */
function rewritten(element: XmlElement, bytes: Buffer, prefix: string): string {
  if (prefixOf(element) === prefix) return bytes.toString('utf8', element.from, element.to);
  let out = `<${prefix}${element.local}`;
  for (const a of element.attributes) out += ` ${a.name}="${escapeXml(a.value, 'attribute')}"`;
  const inner = [...element.elements()].map((child) => rewritten(child, bytes, prefix)).join('');
  return inner === '' ? `${out}/>` : `${out}>${inner}</${prefix}${element.local}>`;
}

/** Excel writes characters that XML cannot hold as `_x000D_`, and such a text itself as `_x005F_x000D_`. */
function decodeControls(text: string): string {
  if (!text.includes('_x')) return text;
  return text.replaceAll(/_x([0-9A-Fa-f]{4})_/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

export function encodeControls(text: string): string {
  return text
    .replaceAll(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_')
    .replaceAll(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, (c) =>
      /[\t\n\x7f-\x9f]/.test(c) ? c : `_x${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`,
    );
}

/** The shared strings by their number, read when asked for. */
export class SharedStrings {
  readonly #items: XmlElement[];

  constructor(root: XmlElement | undefined) {
    this.#items = root ? [...root.elements('si')] : [];
  }

  runs(index: number): TextRun[] {
    const item = this.#items[index];
    return item ? runsOf(item) : [];
  }

  text(index: number): string {
    return joined(this.runs(index));
  }
}
