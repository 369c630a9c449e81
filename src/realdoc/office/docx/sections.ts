import type { Verb } from '../../edit/verbs.ts';
import { isLinePlace, isLineRange, unknownAddress } from '../addresses.ts';
import { contentOf } from '../line-verbs.ts';
import type { DocLine } from './document.ts';

/** `# Heading` stands for its section: the heading and all up to the next one of its level or above. */
export function withSections(lines: readonly DocLine[], verb: Verb): Verb {
  const range = (address: string): string => {
    const match = /^(#{1,6}) +(\S.*)$/.exec(address);
    if (isLineRange(address) || !match) return address;
    const title = match[2]!.trim();
    const found = lines.flatMap((line, i) => (line.level !== undefined && contentOf(line).trim() === title ? [i] : []));
    const [at] = found;
    if (at === undefined) throw unknownAddress(address, lines, 'there is no such heading');
    if (found.length > 1) throw unknownAddress(address, lines, `${found.length} headings say so; give the line`);
    const { level, part } = lines[at]!;
    const end = lines.findIndex((line, i) => i > at && (line.part !== part || (line.level ?? 10) <= level!));
    return `${at + 1}-${end < 0 ? lines.length : end}`;
  };
  const place = (text: string): string => {
    if (isLinePlace(text)) return text;
    const [from, to] = range(text.slice(1)).split('-');
    return to === undefined ? text : text.startsWith('<') ? `<${from}` : `>${to}`;
  };
  if ('set' in verb) return { ...verb, set: range(verb.set) };
  if ('cut' in verb) return { ...verb, cut: range(verb.cut) };
  if ('put' in verb) return { ...verb, put: place(verb.put) };
  if ('move' in verb) return { ...verb, move: range(verb.move), to: place(verb.to) };
  return verb.sub.range === undefined ? verb : { ...verb, sub: { ...verb.sub, range: range(verb.sub.range) } };
}
