import assert from 'node:assert';
import { rebaseAims } from '../../src/realdoc/edit/rebase.ts';
import type { Verb } from '../../src/realdoc/edit/verbs.ts';
import type { OfficeKind, Part, PartAim } from '../../src/realdoc/office/kind.ts';
import { applyChange } from '../../src/realdoc/text/splice.ts';
import { TextTree } from '../../src/realdoc/text/tree.ts';

/** Parts of a package from their text. */
export function partsFrom(texts: Readonly<Record<string, string>>): Part[] {
  return Object.entries(texts).map(([name, text]) => ({ name, bytes: Buffer.from(text) }));
}

/** One edit through a kind, checked for what every edit must keep. */
export function edit(kind: OfficeKind, parts: readonly Part[], ...verbs: Verb[]): Part[] {
  return applyAims(parts, aimsOf(kind, parts, verbs));
}

export function aimsOf(kind: OfficeKind, parts: readonly Part[], verbs: Verb[]): PartAim[] {
  const aims = kind.resolve(parts, kind.view(parts), verbs, { author: 'Jingu', now: '2026-01-01T00:00:00Z' });
  for (const aim of aims) {
    for (const s of aim.splices) {
      // A change of an element holds its inside; only what is put in or taken out whole reaches its brackets.
      assert(s.at >= aim.region.from - 1, `a splice at ${s.at} before the region ${aim.region.from}`);
      assert(s.at + s.del <= aim.region.to + 1, `a splice to ${s.at + s.del} behind the region ${aim.region.to}`);
    }
  }
  return aims;
}

/** Every byte outside of the splices stays; throws where splices overlap. */
export function applyAims(parts: readonly Part[], aims: readonly PartAim[]): Part[] {
  return parts.map((part, index) => {
    const splices = aims.filter((aim) => aim.part === index).flatMap((aim) => aim.splices);
    const sorted = splices.toSorted((a, b) => a.at - b.at || a.del - b.del);
    const pieces: Buffer[] = [];
    let at = 0;
    for (const s of sorted) {
      assert(s.at >= at, `splices overlap in ${part.name} at ${s.at}`);
      pieces.push(part.bytes.subarray(at, s.at), Buffer.from(s.ins));
      at = s.at + s.del;
    }
    pieces.push(part.bytes.subarray(at));
    return { name: part.name, bytes: Buffer.concat(pieces) };
  });
}

/** What `second` becomes after `first`, as the room carries it; `undefined` where it is stale. */
export function applyAfter(
  parts: readonly Part[],
  first: readonly PartAim[],
  second: readonly PartAim[],
): Part[] | undefined {
  const out: Part[] = [];
  for (const [index, part] of parts.entries()) {
    const tree = TextTree.of(part.bytes);
    const aimsIn = (aims: readonly PartAim[]): Parameters<typeof rebaseAims>[0] =>
      aims
        .filter((aim) => aim.part === index)
        .map(({ verb, lines, region, splices, aside }) => ({
          verb,
          lines,
          region,
          ...(aside ? { aside } : {}),
          splices: splices.map((s) => ({
            at: s.at,
            del: part.bytes.subarray(s.at, s.at + s.del),
            ins: Buffer.from(s.ins),
          })),
        }));
    const one = rebaseAims(aimsIn(first), tree, []);
    assert('change' in one);
    const two = rebaseAims(aimsIn(second), tree, one.change);
    if ('stale' in two) return undefined;
    const bytes = applyChange(applyChange(part.bytes, one.change), two.change);
    out.push({ name: part.name, bytes: Buffer.from(bytes) });
  }
  return out;
}

export function textOf(parts: readonly Part[], name: string): string {
  return parts.find((part) => part.name === name)!.bytes.toString('utf8');
}

/** The lines of a view as text. */
export function lines(kind: OfficeKind, parts: readonly Part[]): string[] {
  return kind.view(parts).map((line) => line.text);
}
