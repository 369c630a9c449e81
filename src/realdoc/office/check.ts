import type { Part } from './kind.ts';
import { refused } from './refused.ts';
import { parseXml } from './xml.ts';

/**
 * Would an Office program open this? Every changed part is well-formed, and every relationship in a changed list of
 * relationships leads to an entry of the package. Lists that did not change are not judged: files with a loose end are
 * about, and programs open them. `entries` names all entries, inflated or not.
 */
export function checkPackage(parts: readonly Part[], entries: readonly string[], changed: readonly string[]): void {
  const names = new Set(entries.map((name) => name.toLowerCase()));
  for (const part of parts) {
    if (!changed.includes(part.name)) continue;
    const root = parseXml(part.bytes, { part: part.name });
    if (!part.name.endsWith('.rels')) continue;
    for (const relationship of root.elements('Relationship')) {
      if (relationship.attr('TargetMode') === 'External') continue;
      const target = targetOf(part.name, relationship.attr('Target') ?? '');
      if (!names.has(target.toLowerCase())) throw refused('a relationship leads to nothing', { part: part.name });
    }
  }
}

/** The part a relationship means, seen from the list it stands in: `word/_rels/document.xml.rels`. */
export function targetOf(rels: string, target: string): string {
  const bare = decoded(target.split(/[#?]/)[0]!);
  if (bare.startsWith('/')) return bare.slice(1);
  const folder = rels.replace(/_rels\/[^/]*$/, '');
  const out: string[] = [];
  for (const name of `${folder}${bare}`.split('/')) {
    if (name === '..') out.pop();
    else if (name !== '.' && name !== '') out.push(name);
  }
  return out.join('/');
}

/** A stray `%` stands for itself. */
function decoded(target: string): string {
  try {
    return decodeURI(target);
  } catch {
    return target;
  }
}
