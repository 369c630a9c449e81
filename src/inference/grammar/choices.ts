import { choice, type Grammar, type Node, optional, sequence, text } from './node.ts';

/** Exactly one of these texts. Throws `RangeError` for none, an empty one, or broken UTF-16. */
export function choicesGrammar(choices: readonly string[]): Grammar {
  return { root: oneOf(choices), rules: new Map() };
}

/**
 * The alternatives as a tree of common beginnings. llama.cpp tries every open alternative against every token of the
 * vocabulary, so two hundred lines side by side cost far more than the few branches open at one place of the tree.
 */
export function oneOf(choices: readonly string[]): Node {
  const unique = [...new Set(choices)];
  if (unique.length === 0) throw new RangeError('there is nothing to choose from');
  for (const item of unique) {
    if (item === '') throw new RangeError('a choice is empty');
    if (!item.isWellFormed()) throw new RangeError('a choice is not well-formed Unicode');
  }
  return tree(unique.map((item) => [...item]));
}

/** By code points, so that no branch splits a character. */
function tree(items: readonly string[][]): Node {
  const start = sharedStart(items);
  const rest = items.map((item) => item.slice(start.length));
  const ends = rest.some((item) => item.length === 0);
  const groups = new Map<string, string[][]>();
  for (const item of rest) {
    if (item.length === 0) continue;
    const list = groups.get(item[0]!);
    if (list) list.push(item);
    else groups.set(item[0]!, [item]);
  }
  const parts: Node[] = start.length > 0 ? [text(start.join(''))] : [];
  if (groups.size > 0) {
    const branches = [...groups.values()].map(tree);
    const open = branches.length === 1 ? branches[0]! : choice(...branches);
    parts.push(ends ? optional(open) : open);
  }
  return parts.length === 1 ? parts[0]! : sequence(...parts);
}

function sharedStart(items: readonly string[][]): string[] {
  const first = items[0]!;
  let length = first.length;
  for (const item of items) {
    let i = 0;
    while (i < length && i < item.length && item[i] === first[i]) i++;
    length = i;
  }
  return first.slice(0, length);
}
