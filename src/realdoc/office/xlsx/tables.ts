import { fail } from '../../../common/index.ts';
import { type CellRef, parseBlock } from '../cell-address.ts';
import { insideOf, replaceBytes } from '../edit-element.ts';
import type { PartAim } from '../kind.ts';
import type { Lines } from '../line-verbs.ts';
import type { Parts } from '../relations.ts';
import type { XmlElement } from '../xml.ts';
import type { XmlAttribute } from '../xml-attributes.ts';
import { escapeXml } from '../xml-text.ts';
import { encodeControls } from './strings.ts';

/** A cell whose text the definition of a table repeats: both must change, or Excel repairs the file. */
export interface TableCell {
  part: number;
  /** All columns of the table, and which of them this is. */
  columns: XmlElement[];
  column: XmlElement;
  is: 'header' | 'total';
  table: string;
}

/** The table cell at this place of a sheet, if it is one. */
export function tableCellAt(parts: Parts, sheetPart: number, ref: CellRef): TableCell | undefined {
  for (const relation of parts.relations(parts.name(sheetPart))) {
    if (relation.type !== 'table') continue;
    const part = parts.find(relation.target);
    if (part === undefined) continue;
    const root = parts.root(part);
    const block = parseBlock(root.attr('ref', '') ?? '');
    if (!block || ref.column < block.from.column || ref.column > block.to.column) continue;
    const columns = [...(root.first('tableColumns')?.elements('tableColumn') ?? [])];
    const column = columns[ref.column - block.from.column];
    if (!column) continue;
    const headers = Number(root.attr('headerRowCount', '') ?? 1);
    const totals = Number(root.attr('totalsRowCount', '') ?? 0);
    const table = root.attr('displayName', '') ?? '';
    if (headers > 0 && ref.row === block.from.row) return { part, columns, column, is: 'header', table };
    if (totals > 0 && ref.row === block.to.row) return { part, columns, column, is: 'total', table };
  }
  return undefined;
}

export interface TableEdit {
  verb: number;
  lines: Lines;
  at: TableCell;
  /** What the cell is to say; `undefined` where it is to hold no plain text. */
  text: string | undefined;
}

/** Keeps the names of table columns in step with their header cells. Throws DOC_UNSAFE_SPAN where that cannot be. */
export function tableAims(parts: Parts, edits: readonly TableEdit[], formulas: () => string[]): PartAim[] {
  return edits.flatMap((edit) => {
    const { at, verb, text } = edit;
    const refuse = (what: string, safe: string): Error => fail('DOC_UNSAFE_SPAN', { verb, what, safe });
    const name = at.column.attribute('name', '');
    if (at.is === 'total') {
      const label = at.column.attribute('totalsRowLabel', '');
      if (!label && at.column.attr('totalsRowFunction', '') === undefined && text !== undefined) {
        return aimAt(parts, edit, undefined, text);
      }
      if (!label || text === undefined || text === '') {
        throw refuse(`the totals of table ${at.table} are worked out`, 'cells outside of its last row');
      }
      return aimAt(parts, edit, label, text);
    }
    if (!text || !name) throw refuse(`the header of table ${at.table} needs a text`, 'another text');
    const others = at.columns.filter((column) => column !== at.column);
    const taken = others.map((column) => {
      const renamed = edits.find((other) => other.at.column === column);
      return (renamed?.text ?? column.attr('name', '') ?? '').toLowerCase();
    });
    if (taken.includes(text.toLowerCase())) {
      throw refuse(`table ${at.table} has a column of this name already`, 'another text');
    }
    const asWritten = name.value.replaceAll(/['#[\]@]/g, "'$&").toLowerCase();
    if (formulas().some((formula) => mentions(formula, asWritten))) {
      throw refuse(`formulas speak of the column ${name.value} of table ${at.table} by its name`, 'rename it in Excel');
    }
    return aimAt(parts, edit, name, text);
  });
}

/** `Table1[Price]`, `[@Price]`, `[[#This Row],[Price]]`, `[[Price]:[Tax]]` */
function mentions(formula: string, column: string): boolean {
  const text = formula.toLowerCase();
  return text.includes(`[${column}]`) || text.includes(`[@${column}]`) || text.includes(`[@[${column}]`);
}

function aimAt(parts: Parts, edit: TableEdit, attribute: XmlAttribute | undefined, text: string): PartAim[] {
  const bytes = parts.bytes(edit.at.part);
  const { column } = edit.at;
  const value = escapeXml(encodeControls(text).replaceAll('\n', '_x000a_'), 'attribute');
  const tail = column.from + 1 + column.name.length;
  const splices = attribute
    ? replaceBytes(bytes, attribute.from, attribute.to, value)
    : [{ at: tail, del: 0, ins: ` totalsRowLabel="${value}"` }];
  if (splices.length === 0) return [];
  const { verb, lines } = edit;
  return [{ verb, lines, part: edit.at.part, region: insideOf({ from: column.from, to: column.innerFrom }), splices }];
}
