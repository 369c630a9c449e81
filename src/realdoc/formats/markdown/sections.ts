import { type Heading, isBlank, lineText, type MarkdownText } from './blocks.ts';

/** A heading with all that stands below it, up to the next heading of its level or above. Lines counted from 0. */
export interface Section {
  heading: Heading;
  /** Titles of the headings around it, from the top, and its own. */
  path: string[];
  /** Line after the last. */
  end: number;
  /** Content below the heading without blank lines around; `from === to` if there is none. */
  body: { from: number; to: number };
}

export function sectionsOf(text: MarkdownText): Section[] {
  const { headings, index } = text;
  const ends = new Array<number>(headings.length).fill(index.count);
  const open: number[] = [];
  const paths: string[][] = [];
  for (const [i, heading] of headings.entries()) {
    while (open.length > 0 && headings[open.at(-1)!]!.level >= heading.level) ends[open.pop()!] = heading.from;
    open.push(i);
    // Text is hostile: a path of more than a few titles is no address anybody writes.
    paths.push(open.map((k) => headings[k]!.title));
  }
  return headings.map((heading, i) => {
    const end = ends[i]!;
    let from = heading.to + 1;
    while (from < end && isBlank(lineText(index, from))) from++;
    let to = end;
    while (to > from && isBlank(lineText(index, to - 1))) to--;
    return { heading, path: paths[i]!, end, body: { from, to: Math.max(from, to) } };
  });
}

/** `## Title`, or with the headings around it as far as it takes to be the only one; else nothing. */
export function addressesOf(sections: readonly Section[]): (string | undefined)[] {
  const count = new Map<string, number>();
  const forms = sections.map(({ heading, path }) => {
    const marks = '#'.repeat(heading.level);
    return path.map((_, k) => `${marks} ${path.slice(path.length - 1 - k).join(' > ')}`);
  });
  for (const own of forms) for (const form of own) count.set(form, (count.get(form) ?? 0) + 1);
  return forms.map((own) => own.find((form) => count.get(form) === 1));
}

/** Sections that an address means: the same level and title; else the same title at any level. */
export function findSections(sections: readonly Section[], address: string): Section[] {
  const m = /^(#{1,6})[ \t]+(.*)$/s.exec(address);
  if (!m) return [];
  const level = m[1]!.length;
  const wanted = m[2]!.trim();
  const same = (section: Section): boolean => {
    const { path, heading } = section;
    if (heading.title === wanted) return true;
    if (!wanted.includes(' > ')) return false;
    for (let k = path.length - 2; k >= 0; k--) if (path.slice(k).join(' > ') === wanted) return true;
    return false;
  };
  const all = sections.filter(same);
  const exact = all.filter(({ heading }) => heading.level === level);
  return exact.length > 0 ? exact : all;
}
