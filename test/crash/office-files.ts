import { docxFile, p } from '../support/docx-file.ts';
import { rows, workbook } from '../support/xlsx-parts.ts';
import { zipOf } from '../support/zip-writer.ts';

/** A letter of these paragraphs, as a word processor would save it. */
export function letter(paragraphs: readonly string[]): Buffer {
  return docxFile({ body: paragraphs.map((text) => p(text)).join('') });
}

/** A list of these amounts in column B, as a spreadsheet program would save it. */
export function sheet(amounts: readonly number[]): Buffer {
  const row = (amount: number, i: number): string =>
    `<row r="${i + 1}"><c r="A${i + 1}" t="inlineStr"><is><t>item ${i + 1}</t></is></c><c r="B${i + 1}"><v>${amount}</v></c></row>`;
  const parts = workbook([{ name: 'Sheet1', inner: rows(amounts.map(row).join('')) }], { types: true });
  return zipOf(parts.map(({ name, bytes }) => ({ name, content: bytes })));
}
