import { isCollection, visit } from 'yaml';
import { type Ask, invalid, type Landing } from '../ask.ts';
import { parseYaml, type YamlText } from './read.ts';

/** YAML says much with little: what was not addressed must still be read as it was. Throws DOC_VERB_INVALID. */
export function refuseOtherMeaning(yaml: YamlText, ask: Ask, landing: Pick<Landing, 'patches'>): void {
  const before = Buffer.from(yaml.text, 'latin1');
  const parts: Buffer[] = [];
  let at = 0;
  for (const patch of landing.patches) {
    parts.push(before.subarray(at, patch.at), Buffer.from(patch.ins));
    at = patch.at + patch.del;
  }
  const after = parseYaml(Buffer.concat([...parts, before.subarray(at)]));
  const errors = after?.docs.flatMap((doc) => doc.errors) ?? [];
  if (!after || errors.length > 0) {
    throw invalid(ask, `the text would not be YAML any more there: ${errors[0]?.message.split('\n')[0] ?? 'too deep'}`);
  }
  const first = landing.patches[0]!;
  const last = landing.patches.at(-1)!;
  const end = last.at + last.del;
  const grown = landing.patches.reduce((sum, patch) => sum + Buffer.byteLength(patch.ins) - patch.del, 0);
  const old = skeleton(yaml, first.at, end, 0);
  const now = skeleton(after, first.at, end + grown, grown);
  if (old.places !== now.places) throw invalid(ask, 'the text would change what stands around it');
  if (old.aliases !== now.aliases) {
    throw invalid(
      ask,
      'an alias outside of it (*name) would mean something else, or nothing, without its anchor (&name)',
    );
  }
}

/**
 * Every scalar and alias outside of [from, to): where it begins without what was put in, how long and how deep it is, and
 * where the anchor stands that an alias means.
 */
function skeleton({ docs }: YamlText, from: number, to: number, grown: number): Record<'places' | 'aliases', string> {
  const places: string[] = [];
  const aliases: string[] = [];
  const outside = (at: number): number => (at >= to ? at - grown : at);
  const isInside = (at: number): boolean => at >= from && at < to;
  for (const doc of docs) {
    places.push('doc');
    const anchors = new Map<string, number | 'inside'>();
    visit(doc, {
      Value: (_, node, path) => {
        const [start, end] = node.range ?? [0, 0];
        if (node.anchor) anchors.set(node.anchor, isInside(start) ? 'inside' : outside(start));
        // What is nothing (`key:`) has no place of its own; what goes on around the change differs in length.
        if (isCollection(node) || start === end || isInside(start)) return;
        const length = start < from && end > from ? '' : end - start;
        places.push(`${outside(start)}:${length}:${path.length}`);
      },
      Alias: (_, node, path) => {
        const start = node.range?.[0] ?? 0;
        if (isInside(start)) return;
        places.push(`${outside(start)}*${node.source}:${path.length}`);
        aliases.push(`${node.source}:${anchors.get(node.source)}`);
      },
    });
  }
  return { places: places.join(' '), aliases: aliases.join(' ') };
}
