import { choice, type Node, optional, sequence, text } from './node.ts';

/** Members in order with commas between those that are there. Before the first one that is there, none is written. */
export function memberList(members: readonly { needed: boolean; node: Node }[]): Node {
  // `after[i]`: members i.. when something stands before them; each then brings its own comma.
  const after: Node[] = [];
  let tail: Node = sequence();
  for (let i = members.length - 1; i >= 0; i--) {
    after[i] = tail;
    const { needed, node } = members[i]!;
    const here = sequence(text(', '), node);
    tail = sequence(needed ? here : optional(here), tail);
  }
  const starts: Node[] = [];
  for (let i = 0; i < members.length; i++) {
    starts.push(sequence(members[i]!.node, after[i]!));
    if (members[i]!.needed) break;
  }
  const all = starts.length === 1 ? starts[0]! : choice(...starts);
  return members.some(({ needed }) => needed) ? all : optional(all);
}

/** JSON as `json.dumps` writes it. */
export function dumps(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(dumps).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([name, member]) => `${JSON.stringify(name)}: ${dumps(member)}`)
      .join(', ')}}`;
  }
  return JSON.stringify(value);
}

/** With commas between them. */
export function joined(parts: readonly Node[]): Node[] {
  return parts.flatMap((part, i) => (i === 0 ? [part] : [text(', '), part]));
}
