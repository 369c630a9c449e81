import type { Part } from '../../src/realdoc/office/kind.ts';
import { partsFrom } from './office-parts.ts';

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATIONS = 'http://schemas.openxmlformats.org/package/2006/relationships';
const TYPES = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

export interface SheetText {
  name: string;
  /** Inside of the worksheet element. */
  inner: string;
  hidden?: true;
  /** Inside of the table element, if the sheet has one. */
  table?: string;
}

/** A workbook whose parts are written by the test. `prefix` is that of the spreadsheet namespace: `x:`. */
export function workbook(
  sheets: readonly SheetText[],
  o: {
    strings?: string;
    styles?: string;
    chain?: string;
    book?: string;
    names?: string;
    prefix?: string;
    types?: true;
  } = {},
): Part[] {
  const p = o.prefix ?? '';
  const ns = p === '' ? `xmlns="${MAIN}"` : `xmlns:${p.slice(0, -1)}="${MAIN}"`;
  const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n';
  const relation = (id: string, type: string, target: string): string =>
    `<Relationship Id="${id}" Type="${TYPES}/${type}" Target="${target}"/>`;
  const list = sheets
    .map(
      (s, i) =>
        `<${p}sheet name="${s.name}" sheetId="${i + 1}"${s.hidden ? ' state="hidden"' : ''} r:id="rId${i + 1}"/>`,
    )
    .join('');
  const relations = sheets.map((_, i) => relation(`rId${i + 1}`, 'worksheet', `worksheets/sheet${i + 1}.xml`)).join('');
  const optional = (name: string, text: string | undefined, type: string): string =>
    text === undefined ? '' : relation(`r${type}`, type, name);
  const parts: Record<string, string> = {
    '[Content_Types].xml': `${head}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/>${o.types ? '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>' : ''}${o.chain ? '<Override PartName="/xl/calcChain.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml"/>' : ''}</Types>`,
    '_rels/.rels': `${head}<Relationships xmlns="${RELATIONS}">${relation('rId1', 'officeDocument', 'xl/workbook.xml')}</Relationships>`,
    'xl/workbook.xml': `${head}<${p}workbook ${ns} xmlns:r="${TYPES}"><${p}sheets>${list}</${p}sheets>${o.names ?? ''}${o.book ?? ''}</${p}workbook>`,
    'xl/_rels/workbook.xml.rels': `${head}<Relationships xmlns="${RELATIONS}">${relations}${optional('sharedStrings.xml', o.strings, 'sharedStrings')}${optional('styles.xml', o.styles, 'styles')}${optional('calcChain.xml', o.chain, 'calcChain')}</Relationships>`,
  };
  for (const [i, sheet] of sheets.entries()) {
    parts[`xl/worksheets/sheet${i + 1}.xml`] = `${head}<${p}worksheet ${ns}>${sheet.inner}</${p}worksheet>`;
    if (sheet.table === undefined) continue;
    parts[`xl/worksheets/_rels/sheet${i + 1}.xml.rels`] =
      `${head}<Relationships xmlns="${RELATIONS}">${relation('rId1', 'table', `../tables/table${i + 1}.xml`)}</Relationships>`;
    parts[`xl/tables/table${i + 1}.xml`] = `${head}${sheet.table}`;
  }
  if (o.strings !== undefined) parts['xl/sharedStrings.xml'] = `${head}<${p}sst ${ns}>${o.strings}</${p}sst>`;
  if (o.styles !== undefined) parts['xl/styles.xml'] = `${head}<${p}styleSheet ${ns}>${o.styles}</${p}styleSheet>`;
  if (o.chain !== undefined) parts['xl/calcChain.xml'] = `${head}<calcChain xmlns="${MAIN}">${o.chain}</calcChain>`;
  return partsFrom(parts);
}

export function rows(inner: string): string {
  return `<sheetData>${inner}</sheetData>`;
}
