import { refused } from '../refused.ts';
import { type Parts, relationId } from '../relations.ts';
import type { XmlElement } from '../xml.ts';

const MAIN = new Set([
  'http://schemas.openxmlformats.org/spreadsheetml/2006/main',
  'http://purl.oclc.org/ooxml/spreadsheetml/main',
]);

export interface SheetEntry {
  name: string;
  isHidden: boolean;
  /** The `sheet` element of the workbook. */
  element: XmlElement;
  /** Index of the worksheet part; absent for charts sheets, and where the file misses it. */
  part: number | undefined;
}

export interface DefinedName {
  name: string;
  element: XmlElement;
}

/** The parts that the workbook leads to. */
export interface Workbook {
  part: number;
  root: XmlElement;
  sheets: SheetEntry[];
  names: DefinedName[];
  sharedStrings: number | undefined;
  styles: number | undefined;
  calcChain: number | undefined;
  /** Dates count from 1904, as on old Macs. */
  is1904: boolean;
}

/** Follows relationships from the package to the sheets in their order. Throws DOC_PARSE_REFUSED. */
export function readWorkbook(parts: Parts): Workbook {
  const part = parts.related('', 'officeDocument');
  if (part === undefined) throw refused('it has no workbook');
  const root = parts.root(part);
  const name = parts.name(part);
  if (root.local !== 'workbook' || !MAIN.has(root.uri)) throw refused('its main part is no workbook', { part: name });
  const relations = new Map(parts.relations(name).map((relation) => [relation.id, relation]));
  const related = (type: string): number | undefined =>
    parts.find([...relations.values()].find((relation) => relation.type === type)?.target);
  const sheets: SheetEntry[] = [];
  for (const element of root.first('sheets')?.elements('sheet') ?? []) {
    const relation = relations.get(relationId(element) ?? '');
    sheets.push({
      name: (element.attr('name', '') ?? '').replaceAll(/[\r\n]/g, ' '),
      isHidden: (element.attr('state', '') ?? 'visible') !== 'visible',
      element,
      part: relation?.type === 'worksheet' ? parts.find(relation.target) : undefined,
    });
  }
  const names: DefinedName[] = [];
  for (const element of root.first('definedNames')?.elements('definedName') ?? []) {
    const called = element.attr('name', '') ?? '';
    if (isOn(element.attr('hidden', '')) || called.startsWith('_xlnm.')) continue;
    names.push({ name: called, element });
  }
  return {
    part,
    root,
    sheets,
    names,
    sharedStrings: related('sharedStrings'),
    styles: related('styles'),
    calcChain: related('calcChain'),
    is1904: isOn(root.first('workbookPr')?.attr('date1904', '')),
  };
}

export function isOn(value: string | undefined): boolean {
  return value === '1' || value === 'true';
}
