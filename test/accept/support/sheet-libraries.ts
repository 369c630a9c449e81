import { createRequire } from 'node:module';
import exceljs from 'exceljs';
import { readPlainZip } from '../../support/plain-zip.ts';

interface PopulateBook {
  sheet(name: string): { cell(ref: string): { value(text: string): unknown } };
  outputAsync(): Promise<Buffer>;
}

// It has no types of its own.
const populate = createRequire(import.meta.url)('xlsx-populate') as {
  fromDataAsync(file: Buffer): Promise<PopulateBook>;
};

export interface Losses {
  files: number;
  threw: number;
  parts: number;
  lost: number;
  identical: number;
  charts: number;
  chartsLost: number;
  pivots: number;
  pivotsLost: number;
}

export const noLosses = (): Losses => ({
  files: 0,
  threw: 0,
  parts: 0,
  lost: 0,
  identical: 0,
  charts: 0,
  chartsLost: 0,
  pivots: 0,
  pivotsLost: 0,
});

/** The same edit through an object model: load all, set one cell, save all. */
export const LIBRARIES: Record<string, (file: Buffer, sheet: string, ref: string, text: string) => Promise<Buffer>> = {
  exceljs: async (file, sheet, ref, text) => {
    const book = new exceljs.Workbook();
    await book.xlsx.load(file as never);
    const found = book.getWorksheet(sheet);
    if (!found) throw new Error('no such sheet');
    found.getCell(ref).value = text;
    return Buffer.from((await book.xlsx.writeBuffer()) as ArrayBuffer);
  },
  'xlsx-populate': async (file, sheet, ref, text) => {
    const book = await populate.fromDataAsync(file);
    book.sheet(sheet).cell(ref).value(text);
    return Buffer.from(await book.outputAsync());
  },
};

/** Counts what of `before` is not in `after`; part names are compared, then contents. */
export function count(losses: Losses, before: Buffer, after: Buffer | undefined): void {
  losses.files++;
  const old = readPlainZip(before).filter((entry) => !entry.name.endsWith('/'));
  const now = new Map((after ? readPlainZip(after) : []).map((entry) => [entry.name, entry]));
  if (!after) losses.threw++;
  for (const entry of old) {
    const kept = now.get(entry.name);
    const isChart = /\/charts\/chart[^/]*\.xml$/.test(entry.name);
    const isPivot = /\/pivotTables\/[^/]*\.xml$/.test(entry.name);
    losses.parts++;
    if (isChart) losses.charts++;
    if (isPivot) losses.pivots++;
    if (!kept) {
      losses.lost++;
      if (isChart) losses.chartsLost++;
      if (isPivot) losses.pivotsLost++;
    } else if (kept.content().equals(entry.content())) losses.identical++;
  }
}
