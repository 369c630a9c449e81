/**
 * Reads what a document says and how it looks, character by character, without any of the code under test: a pattern
 * over tags, nothing else. Good enough for the files of a data set, and wrong in other ways than the code under test.
 */
export interface Char {
  text: string;
  /** Everything that says how it looks or where it stands. */
  look: string;
  /** Number of its run. */
  run: number;
  /** Number of its paragraph or cell. */
  block: number;
  /** The link, content control or field it stands in; empty for none. */
  holder: string;
}

export type Format = 'docx' | 'xlsx' | 'pptx';

const TOKEN = /<(\/?)([^\s/>!?]+)((?:"[^"]*"|'[^']*'|[^>"'])*?)(\/?)>|<!--.*?-->|<\?.*?\?>|([^<]+)/gs;

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function decode(text: string): string {
  return text.replaceAll(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (_, hex, decimal, name) =>
    name
      ? ({ lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" } as Record<string, string>)[name as string]!
      : String.fromCodePoint(Number.parseInt(hex ?? decimal, hex ? 16 : 10)),
  );
}

function attribute(tag: string, name: string): string | undefined {
  const match = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(tag);
  return match ? decode(match[1] ?? match[2] ?? '') : undefined;
}

const HOLDERS = new Set(['hyperlink', 'sdt', 'fldSimple', 'smartTag', 'customXml']);

/** Runs of WordprocessingML and DrawingML: `t` in `r` in `p`. Deleted and moved-away text is not read. */
export function readRuns(xml: string): Char[] {
  const out: Char[] = [];
  let [run, block] = [0, 0];
  let look = '';
  let [inLook, inText, gone] = [0, 0, 0];
  const holders: string[] = [];
  for (const match of xml.matchAll(TOKEN)) {
    const [whole, close, name, attributes, empty, text] = match;
    if (name === undefined) {
      if (text === undefined) continue;
      if (inLook > 0) look += text;
      else if (inText > 0 && gone === 0)
        for (const c of decode(text)) out.push({ text: c, look, run, block, holder: holders.join(' ') });
      continue;
    }
    const tag = local(name);
    const step = close ? -1 : empty ? 0 : 1;
    if (tag === 'rPr') {
      inLook += step;
      if (!close) look = '';
    } else if (inLook > 0) look += whole;
    else if (tag === 'del' || tag === 'moveFrom' || tag === 'delText' || tag === 'Fallback') gone += step;
    else if (tag === 't') inText += step;
    else if (tag === 'r' || tag === 'fld') {
      run++;
      look = '';
      if (tag === 'fld') {
        if (step > 0) holders.push(`fld ${match.index}`);
        else if (close) holders.pop();
      }
    } else if (tag === 'p') block++;
    else if (HOLDERS.has(tag) && !empty) {
      if (close) holders.pop();
      else holders.push(`${tag} ${match.index}`);
    } else if (tag === 'dataBinding' && holders.length > 0) {
      // Shows a property of the document: programs write its text anew when they open the file.
      holders[holders.length - 1] = `bound ${match.index}`;
    } else if (tag === 'fldChar') {
      const type = attribute(attributes ?? '', '(?:\\w+:)?fldCharType');
      if (type === 'begin') holders.push(`field ${match.index}`);
      else if (type === 'end') holders.pop();
    } else if ((tag === 'tab' || tag === 'br' || tag === 'cr') && !close && gone === 0) {
      out.push({ text: `<${tag}>`, look, run, block, holder: holders.join(' ') });
    }
  }
  return out;
}

interface Item {
  text: string;
  look: string;
  run: number;
}

/** The runs of each shared string. */
export function readShared(xml: string): Item[][] {
  const out: Item[][] = [];
  for (const match of xml.matchAll(/<(?:\w+:)?si(?:\s*\/>|>(.*?)<\/(?:\w+:)?si>)/gs))
    out.push(itemRuns(match[1] ?? ''));
  return out;
}

function itemRuns(xml: string): Item[] {
  const bare = xml.replaceAll(/<(?:\w+:)?rPh\b.*?<\/(?:\w+:)?rPh>/gs, '');
  const out: Item[] = [];
  let look = '';
  for (const match of bare.matchAll(
    /<(?:\w+:)?rPr>(.*?)<\/(?:\w+:)?rPr>|<(?:\w+:)?t(?:\s[^>]*)?(?:\/>|>(.*?)<\/(?:\w+:)?t>)|<\/(?:\w+:)?r>/gs,
  )) {
    if (match[1] !== undefined) look = match[1];
    else if (match[0].startsWith('</')) look = '';
    else out.push({ text: decode(match[2] ?? ''), look, run: out.length });
  }
  return out;
}

/** Cells of a worksheet; the look of a character is its cell, the style of it and that of the run. */
export function readCells(xml: string, shared: readonly Item[][]): Char[] {
  const out: Char[] = [];
  let block = 0;
  for (const match of xml.matchAll(/<(?:\w+:)?c(\s(?:"[^"]*"|'[^']*'|[^>"'])*?)?(?:\/>|>(.*?)<\/(?:\w+:)?c>)/gs)) {
    block++;
    const head = match[1] ?? '';
    const inner = match[2] ?? '';
    const place = `${attribute(head, 'r')} s=${attribute(head, 's') ?? ''}`;
    const type = attribute(head, 't') ?? 'n';
    const value = /<(?:\w+:)?v(?:\s[^>]*)?>(.*?)<\/(?:\w+:)?v>/s.exec(inner)?.[1];
    const formula = /<(?:\w+:)?f(?:\s[^>]*)?>(.*?)<\/(?:\w+:)?f>/s.exec(inner)?.[1];
    const inline = /<(?:\w+:)?is>(.*?)<\/(?:\w+:)?is>/s.exec(inner)?.[1];
    const runs =
      type === 's'
        ? (shared[Number(value)] ?? [])
        : inline !== undefined
          ? itemRuns(inline)
          : [{ text: decode(value ?? ''), look: `as ${type}`, run: 0 }];
    if (formula !== undefined) out.push({ text: `=${formula}`, look: place, run: -1, block, holder: '' });
    for (const run of runs) {
      for (const text of run.text) out.push({ text, look: `${place} ${run.look}`, run: run.run, block, holder: '' });
    }
  }
  return out;
}

/** Throws unless `after` is `before` with at most `gone` characters given up for at most `come` others, in one place. */
export function sameAround(before: readonly Char[], after: readonly Char[], gone: number, come: number): void {
  const same = (a: Char, b: Char): boolean => a.text === b.text && a.look === b.look;
  let start = 0;
  while (start < before.length && start < after.length && same(before[start]!, after[start]!)) start++;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && same(before[before.length - 1 - end]!, after[after.length - 1 - end]!)) end++;
  const lost = before.length - start - end;
  const new_ = after.length - start - end;
  const blocks = new Set(before.slice(start, start + lost).map((char) => char.block));
  if (lost > gone || new_ > come || blocks.size > 1) {
    const show = (list: readonly Char[]): string => JSON.stringify(list.slice(start, start + 3));
    throw new Error(`${lost} characters changed where ${gone} were named: ${show(before)} -> ${show(after)}`);
  }
}
