import { type CellRef, holds, parseBlock, refName } from '../cell-address.ts';
import { insideOf, prefixOf, replaceBytes, startTag } from '../edit-element.ts';
import type { PartAim, PartSplice } from '../kind.ts';
import type { Lines } from '../line-verbs.ts';
import type { Parts } from '../relations.ts';
import type { XmlElement } from '../xml.ts';
import type { Sheet } from './sheet.ts';
import { isOn, type Workbook } from './workbook.ts';

/** Who caused an aim. */
export interface Cause {
  verb: number;
  lines: Lines;
}

/** What stands before `calcPr` in a workbook (ECMA-376 part 1, 18.2.27). */
const BEFORE_CALC = new Set([
  'fileVersion',
  'fileSharing',
  'workbookPr',
  'AlternateContent',
  'revisionPtr',
  'absPath',
  'workbookProtection',
  'bookViews',
  'sheets',
  'functionGroups',
  'externalReferences',
  'definedNames',
]);

/** True if some cell of the workbook is worked out from others. */
export function hasFormulas(parts: Parts, workbook: Workbook): boolean {
  return workbook.sheets.some(
    ({ part }) => part !== undefined && /<(?:[^\s<>/:]+:)?f[\s>/]/.test(parts.bytes(part).toString('latin1')),
  );
}

/** Says that all formulas are to be worked out anew when the file is opened; nothing if it says so already. */
export function recalculateOnLoad(parts: Parts, workbook: Workbook, cause: Cause): PartAim[] {
  const { part, root } = workbook;
  const bytes = parts.bytes(part);
  const calc = root.first('calcPr');
  if (isOn(calc?.attr('fullCalcOnLoad', ''))) return [];
  if (calc) {
    const head = { from: calc.from, to: calc.innerFrom };
    const tag = startTag(calc, bytes, { fullCalcOnLoad: '1' }) + (calc.isSelfClosing ? '/>' : '>');
    return [
      { ...cause, part, region: insideOf(head), splices: replaceBytes(bytes, head.from, head.to, tag), aside: true },
    ];
  }
  let after: XmlElement | undefined;
  for (const child of root.elements()) if (BEFORE_CALC.has(child.local)) after = child;
  if (!after) return [];
  const ins = `<${prefixOf(root)}calcPr fullCalcOnLoad="1"/>`;
  const region = { from: after.to, to: after.to };
  return [{ ...cause, part, region, splices: [{ at: after.to, del: 0, ins }], aside: true }];
}

/** Takes cells that have no formula any more out of the calculation chain: Excel repairs a file where it names one. */
export function withoutChained(
  parts: Parts,
  workbook: Workbook,
  gone: readonly (Cause & { sheet: string; ref: CellRef })[],
): PartAim[] {
  const { calcChain: part } = workbook;
  if (part === undefined || gone.length === 0) return [];
  const wanted = new Map(gone.map((each) => [`${each.sheet} ${refName(each.ref)}`, each]));
  const entries = [...parts.root(part).elements('c')];
  const aims: PartAim[] = [];
  let kept = 0;
  /** The sheet that an entry without `i` would take from the one before it: as it was, and as it will be. */
  let sheetWas = '';
  let sheetIs = '';
  let open: { from: number; cause: Cause; splices: PartSplice[] } | undefined;
  for (const entry of entries) {
    const written = entry.attr('i', '');
    sheetWas = written ?? sheetWas;
    const cause = wanted.get(`${sheetWas} ${entry.attr('r', '') ?? ''}`);
    if (cause) {
      open ??= { from: entry.from, cause, splices: [] };
      open.splices.push({ at: entry.from, del: entry.to - entry.from, ins: '' });
      continue;
    }
    kept++;
    let to = entry.from;
    if (open && written === undefined && sheetIs !== sheetWas) {
      const at = entry.from + 1 + entry.name.length;
      open.splices.push({ at, del: 0, ins: ` i="${sheetWas}"` });
      to = at;
    }
    sheetIs = sheetWas;
    if (open) aims.push(chainAim(part, open, to));
    open = undefined;
  }
  if (open) aims.push(chainAim(part, open, entries.at(-1)!.to));
  if (aims.length === 0) return [];
  return kept > 0 ? aims : withoutChain(parts, workbook, gone[0]!);
}

function chainAim(part: number, open: { from: number; cause: Cause; splices: PartSplice[] }, to: number): PartAim {
  const { verb, lines } = open.cause;
  return { verb, lines, part, region: insideOf({ from: open.from, to }), splices: open.splices };
}

/** A chain must not be empty, so it is let go: nothing leads to its part any more. Excel makes a new one. */
function withoutChain(parts: Parts, workbook: Workbook, cause: Cause): PartAim[] {
  const name = parts.name(workbook.calcChain!);
  const remove = (part: number | undefined, element: XmlElement | undefined): PartAim[] => {
    if (part === undefined || !element) return [];
    const { from, to } = element;
    const { verb, lines } = cause;
    return [{ verb, lines, part, region: insideOf(element), splices: [{ at: from, del: to - from, ins: '' }] }];
  };
  const book = parts.name(workbook.part);
  const relation = parts.relations(book).find((each) => each.type === 'calcChain');
  const types = parts.find('[Content_Types].xml');
  const override =
    types === undefined
      ? undefined
      : [...parts.root(types).elements('Override')].find(
          (each) => each.attr('PartName', '')?.toLowerCase() === `/${name.toLowerCase()}`,
        );
  return [...remove(parts.relationsPart(book), relation?.element), ...remove(types, override)];
}

/** Widens the stretch that a sheet says it uses. Programs only hint with it, so it gives way to later changes. */
export function widenDimension(sheet: Sheet, part: number, added: readonly CellRef[], cause: Cause): PartAim[] {
  const attribute = sheet.root.first('dimension')?.attribute('ref', '');
  const block = attribute && parseBlock(attribute.value);
  if (!block || added.every((ref) => holds(block, ref))) return [];
  const rows = [block.from.row, block.to.row, ...added.map((ref) => ref.row)];
  const columns = [block.from.column, block.to.column, ...added.map((ref) => ref.column)];
  const from = refName({ row: min(rows), column: min(columns) });
  const to = refName({ row: max(rows), column: max(columns) });
  const region = { from: attribute.from - 1, to: attribute.to + 1 };
  const splices = [{ at: attribute.from, del: attribute.to - attribute.from, ins: `${from}:${to}` }];
  return [{ ...cause, part, region, splices, aside: true }];
}

function min(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => Math.min(a, b));
}

function max(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => Math.max(a, b));
}

/** All that may name a table or a column: formulas of cells, tables and charts, and those that have a name. */
export function allFormulas(parts: Parts, workbook: Workbook): string[] {
  const out = workbook.names.map((name) => name.element.text);
  for (const [part, { name }] of parts.all.entries()) {
    if (!/\/(?:worksheets|tables|charts)\/[^/]*\.xml$/i.test(name)) continue;
    for (const element of parts.root(part).descendants()) {
      if (/^(?:f|formula|formula[12]|calculatedColumnFormula|totalsRowFormula)$/.test(element.local)) {
        out.push(element.text);
      }
    }
  }
  return out;
}
