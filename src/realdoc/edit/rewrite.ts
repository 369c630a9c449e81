import { fail } from '../../common/index.ts';
import { refuseOpaque } from '../documents.ts';
import { aimsInStored, transcodedOf } from '../formats/encoding/transcode.ts';
import type { FileRow } from '../rows.ts';
import { diffBytes } from '../text/diff.ts';
import type { TextTree } from '../text/tree.ts';
import { asBase, carryToHead, type EditPlan, type PlanPorts } from './plan.ts';
import { sectionsOf } from './sections.ts';
import { type LineSpan, linesIn, regionOf } from './target.ts';

const MAX_LINES = 200;
/** Small documents may be rewritten as a whole; of larger ones at most this share. */
const ALWAYS_FINE = 40;
const MAX_SHARE = 0.3;

/**
 * A region and its new text, turned into the smallest splices that make it so. The line ends of the document and the
 * open or closed end of the region are kept. Throws DOC_TOO_BROAD above 200 lines or 30 % of the document.
 */
export async function planRewrite(
  ports: PlanPorts,
  file: FileRow,
  input: { base: number; from: number; to: number; text: string },
): Promise<EditPlan> {
  refuseOpaque(file);
  const { db, documents } = ports;
  const baseTree = documents.read(db, file, input.base);
  const seen = asBase(db, file, input.base, baseTree).utf8 ? undefined : transcodedOf(baseTree);
  const tree = seen?.tree ?? baseTree;
  const lines = linesIn({ path: file.path, version: input.base, tree }, input);
  refuseBroad(tree, lines, file, input.base);
  if (!input.text.isWellFormed())
    throw fail('DOC_VERB_INVALID', { verb: 1, reason: 'the text holds half a character' });
  const region = regionOf(tree, lines);
  const old = tree.slice(region.from, region.to);
  const end = old.includes('\r\n') ? '\r\n' : '\n';
  const isOpen = old.at(-1) !== 10;
  const text = input.text.replace(/\r?\n$/, '');
  const fresh = text === '' ? '' : text.replaceAll(/\r?\n/g, end) + (isOpen ? '' : end);
  const splices = diffBytes(old, Buffer.from(fresh)).map((s) => ({ ...s, at: s.at + region.from }));
  const planned = [{ verb: 1, lines, unproven: lines, region, splices: [...splices] }];
  const aims = seen ? aimsInStored(file.path, baseTree, seen, planned) : planned;
  return await carryToHead(ports, { file, base: input.base, baseTree, aims });
}

/** Throws DOC_TOO_BROAD, with parts of these lines that are not. */
export function refuseBroad(tree: TextTree, lines: LineSpan, { path }: FileRow, version: number): void {
  const count = lines.to - lines.from + 1;
  const limit = Math.min(MAX_LINES, Math.max(ALWAYS_FINE, Math.floor(tree.lines * MAX_SHARE)));
  if (count <= limit) return;
  throw fail('DOC_TOO_BROAD', { path, version, lines: count, limit, sections: sectionsOf(tree, lines, limit, path) });
}
