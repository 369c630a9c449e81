import { expect, it } from 'vitest';
import { boxName, otherName } from '../../../src/web/parts/other-name.ts';

it('offers a name that is probably free, and keeps what the file is by its ending', () => {
  expect(otherName('offer.pdf')).toBe('offer (2).pdf');
  expect(otherName('offer (2).pdf')).toBe('offer (3).pdf');
  expect(otherName('报价 (9).docx')).toBe('报价 (10).docx');
  expect(otherName('README')).toBe('README (2)');
  expect(otherName('.profile')).toBe('.profile (2)');
  expect(otherName('archive.tar.gz')).toBe('archive.tar (2).gz');
  expect(otherName('scans/a.b/page')).toBe('scans/a.b/page (2)');
  expect(otherName('(2)')).toBe('(2) (2)');
});

it('writes a name as the box takes it', () => {
  expect(boxName('Pru\u0308fbericht.pdf')).toBe('Pr\u00fcfbericht.pdf');
  expect(boxName('报价.docx')).toBe('报价.docx');
});
