import { isCollection, isMap, type Node } from 'yaml';
import { LineCounter, type OutlineEntry, type SyntaxFault } from '../ask.ts';
import { printPointer } from '../pointer.ts';
import { entriesOf, faultOf, keyOf, parseYaml } from './read.ts';

const MAX_ENTRIES = 20_000;

/** Entries and items down to `depth` levels with their lines and pointers; nothing for text that is no YAML. */
export function outlineOfYaml(bytes: Buffer, depth = 2): OutlineEntry[] {
  const yaml = parseYaml(bytes);
  const out: OutlineEntry[] = [];
  if (!yaml || faultOf(yaml)) return out;
  const from = new LineCounter(bytes);
  const to = new LineCounter(bytes);
  const walk = (node: Node | null, prefix: string, steps: (string | number)[]): void => {
    if (!isCollection(node) || steps.length >= depth) return;
    const entries = entriesOf(node as Parameters<typeof entriesOf>[0]);
    const keys = isMap(node) ? node.items.map((pair) => keyOf(pair)) : undefined;
    for (const [i, entry] of entries.entries()) {
      if (out.length >= MAX_ENTRIES) return;
      const step = keys ? keys[i] : i;
      if (step === undefined) continue;
      const path = [...steps, step];
      out.push({
        line: from.at(entry.from + yaml.bom),
        level: path.length,
        title: String(step).slice(0, 200),
        to: to.at(Math.max(entry.from, entry.to - 1) + yaml.bom),
        address: prefix + printPointer(path),
      });
      walk(entry.node, prefix, path);
    }
  };
  for (const [i, doc] of yaml.docs.entries()) walk(doc.contents, yaml.docs.length > 1 ? `doc${i + 1}` : '', []);
  return out;
}

export function checkYaml(bytes: Buffer): SyntaxFault | undefined {
  const yaml = parseYaml(bytes);
  return yaml ? faultOf(yaml) : { line: 1, reason: 'nested too deep' };
}
