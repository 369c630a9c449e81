import { prefixOf, replaceBytes, startTag } from '../edit-element.ts';
import type { PartSplice } from '../kind.ts';
import { type TextHunk, Unsafe } from '../runs.ts';
import type { XmlElement } from '../xml.ts';
import { escapeXml } from '../xml-text.ts';
import type { Document } from './document.ts';
import { hostOf, inside, refuseUnsafe, runLook, textXml } from './edit-text.ts';
import { type Paragraph, type Segment, sourceOf } from './paragraph.ts';

/** Writes the attributes of tracked changes, each with an id that the document does not use yet. */
export class Tracker {
  readonly author: string;
  readonly #now: string;
  #next: number;

  constructor(author: string, now: string, firstId: number) {
    this.author = author;
    this.#now = now.replace(/\.\d+Z$/, 'Z');
    this.#next = firstId;
  }

  /** A start tag; `isEmpty`: the element has no content. */
  open(name: string, q: string, isEmpty = false): string {
    const author = escapeXml(this.author, 'attribute');
    return `<${name} ${q}id="${this.#next++}" ${q}author="${author}" ${q}date="${this.#now}"${isEmpty ? '/' : ''}>`;
  }

  nextId(): number {
    return this.#next++;
  }
}

/** Above every id in use, and apart from what another edit of the same base chose at another moment. */
export function freeId(document: Document, now: string): number {
  let highest = 0;
  for (const part of document.parts.all) {
    if (!/\/(?:document|header\d*|footer\d*|footnotes|endnotes|comments)\d*\.xml$/i.test(part.name)) continue;
    for (const [, id] of part.bytes.toString('latin1').matchAll(/:id="(\d{1,9})"/g)) {
      highest = Math.max(highest, Number(id));
    }
  }
  return highest + 1 + (Math.floor(Date.parse(now) / 10) % 1_000_000);
}

/** The same as `spliceText`, but what goes is marked as deleted and what comes as inserted. Runs are split at the edges. */
export function spliceTracked(
  bytes: Buffer,
  paragraph: Paragraph,
  hunks: readonly TextHunk[],
  tracker: Tracker,
): PartSplice[] {
  const touched = new Map<XmlElement, RunEdit>();
  const editOf = (run: XmlElement): RunEdit => {
    let edit = touched.get(run);
    if (!edit) {
      edit = { deleted: [], inserted: [] };
      touched.set(run, edit);
    }
    return edit;
  };
  const out: PartSplice[] = [];
  const q = prefixOf(paragraph.element);
  for (const hunk of hunks) {
    refuseUnsafe(paragraph, hunk);
    for (const segment of paragraph.segments) {
      if (segment.from < hunk.to && segment.to > hunk.from) editOf(segment.run).deleted.push(hunk);
    }
    if (hunk.text === '') continue;
    const host = hostOf(paragraph, hunk);
    if ('segment' in host) {
      // What comes stands behind what goes: a reader meets the old words first.
      const at = Math.max(host.at, Math.min(host.segment.to, hunk.to));
      editOf(host.segment.run).inserted.push({ segment: host.segment, at, text: hunk.text });
      continue;
    }
    const run = `<${q}r>${runLook(bytes, paragraph, host.like)}${textXml(hunk.text, q)}</${q}r>`;
    out.push(inside(paragraph.element, host.lone, `${tracker.open(`${q}ins`, q)}${run}</${q}ins>`));
  }
  for (const [run, edit] of touched) {
    const segments = paragraph.segments.filter((segment) => segment.run === run);
    const ins = new RunWriter(bytes, run, tracker).write(segments, edit);
    out.push(...replaceBytes(bytes, run.from, run.to, ins));
  }
  return out.sort((a, b) => a.at - b.at || a.del - b.del);
}

interface RunEdit {
  deleted: { from: number; to: number }[];
  inserted: { segment: Segment; at: number; text: string }[];
}

type State = 'kept' | 'deleted' | 'inserted';

/** Writes one run as several, each kept, deleted or inserted as a whole. */
class RunWriter {
  readonly #bytes: Buffer;
  readonly #run: XmlElement;
  readonly #tracker: Tracker;
  readonly #q: string;
  readonly #look: string;
  #out = '';
  #state: State = 'kept';
  #content = '';

  constructor(bytes: Buffer, run: XmlElement, tracker: Tracker) {
    this.#bytes = bytes;
    this.#run = run;
    this.#tracker = tracker;
    this.#q = prefixOf(run);
    const look = run.first('rPr');
    this.#look = look ? this.#raw(look) : '';
  }

  write(segments: readonly Segment[], edit: RunEdit): string {
    for (const child of this.#run.elements()) {
      if (child.local === 'rPr') continue;
      const segment = segments.find((s) => s.node === child);
      if (segment) this.#segment(segment, edit);
      else this.#push('kept', this.#raw(child));
    }
    this.#flush();
    return this.#out;
  }

  #segment(segment: Segment, edit: RunEdit): void {
    const inserted = edit.inserted.filter((i) => i.segment === segment);
    const cuts = new Set([segment.from, segment.to]);
    for (const { from, to } of edit.deleted) cuts.add(from).add(to);
    for (const { at } of inserted) cuts.add(at);
    const points = [...cuts].filter((at) => at >= segment.from && at <= segment.to).sort((a, b) => a - b);
    for (const [i, at] of points.entries()) {
      for (const each of inserted) if (each.at === at) this.#push('inserted', textXml(each.text, this.#q));
      const end = points[i + 1];
      if (end === undefined) continue;
      const isDeleted = edit.deleted.some(({ from, to }) => from <= at && end <= to);
      const state = isDeleted ? 'deleted' : 'kept';
      const isWhole = at === segment.from && end === segment.to;
      if (segment.kind !== 'text' || (isWhole && !isDeleted)) this.#push(state, this.#raw(segment.node));
      else {
        const text = escapeXml(sourceOf(segment).slice(at - segment.from, end - segment.from));
        const local = `${this.#q}${isDeleted ? 'delText' : 't'}`;
        this.#push(state, text === '' ? '' : `<${local} xml:space="preserve">${text}</${local}>`);
      }
    }
  }

  #push(state: State, content: string): void {
    if (content === '') return;
    if (state !== this.#state) this.#flush();
    this.#state = state;
    this.#content += content;
  }

  #flush(): void {
    if (this.#content === '') return;
    const q = this.#q;
    const run = `${startTag(this.#run, this.#bytes, {})}>${this.#look}${this.#content}</${q}r>`;
    this.#out += this.#wrapped(run);
    this.#content = '';
  }

  /** Text that somebody else inserted keeps its author; what is added to it has its own mark, and ours just goes. */
  #wrapped(run: string): string {
    const q = this.#q;
    const parent = this.#run.parent;
    const insertion = parent && (parent.local === 'ins' || parent.local === 'moveTo') ? parent : undefined;
    if (this.#state === 'kept') return run;
    const isOurs = insertion?.attr('author') === this.#tracker.author;
    if (this.#state === 'deleted') {
      if (isOurs) return '';
      return `${this.#tracker.open(`${q}del`, q)}${run}</${q}del>`;
    }
    if (isOurs) return run;
    const own = `${this.#tracker.open(`${q}ins`, q)}${run}</${q}ins>`;
    if (!insertion) return own;
    if (insertion.local === 'moveTo') throw new Unsafe('text that was moved here and not yet accepted');
    const again = startTag(insertion, this.#bytes, { [`${q}id`]: `${this.#tracker.nextId()}` });
    return `</${insertion.name}>${own}${again}>`;
  }

  #raw(element: XmlElement): string {
    return this.#bytes.toString('utf8', element.from, element.to);
  }
}
