import { describe, expect, it } from 'vitest';
import { readPdf } from '../../../../src/realdoc/formats/opaque/pdf.ts';
import { pictureFacts } from '../../../../src/realdoc/formats/opaque/picture.ts';
import { OpaqueReadings } from '../../../../src/realdoc/formats/opaque/shown.ts';
import { TextTree } from '../../../../src/realdoc/text/tree.ts';
import { refusalOf } from './land.ts';
import { pdfOf } from './pdf-of.ts';

describe('pictures', () => {
  it.each([
    ['89504e470d0a1a0a0000000d494844520000028000000 1e0'.replace(' ', ''), 'PNG', 640, 480],
    ['474946383961800 2e001'.replace(' ', ''), 'GIF', 640, 480],
    ['ffd8ffe000044a46ffc4000300ffc0001108 01e00280 03'.replaceAll(' ', ''), 'JPEG', 640, 480],
    ['ffd8ffc2000b0801e0028003000000', 'JPEG', 640, 480],
    [`52494646000000005745425056503858${'00'.repeat(8)}7f0200df0100`, 'WebP', 640, 480],
    [`5249464600000000574542505650 3820${'00'.repeat(10)}8002e001`.replace(' ', ''), 'WebP', 640, 480],
    [`52494646000000005745425056503 84c00000000 2f7fc27700${'00'.repeat(6)}`.replaceAll(' ', ''), 'WebP', 640, 480],
    [`424d${'00'.repeat(12)}28000000 80020000 20feffff`.replaceAll(' ', ''), 'BMP', 640, 480],
  ])('%s', (hex, type, width, height) => {
    expect(pictureFacts(Buffer.from(hex, 'hex'))).toEqual({ type, width, height });
  });

  it('what is cut short or none is no picture', () => {
    for (const hex of ['', 'ffd8ff', 'ffd8ffe0ffff00', '89504e470d0a1a0a', '52494646']) {
      expect(pictureFacts(Buffer.from(hex, 'hex'))).toBeUndefined();
    }
  });
});

describe('PDF', () => {
  it('is read page by page', async () => {
    expect(await readPdf(pdfOf([['Hello', 'World'], [], ['End']]))).toEqual([
      '[page 1 of 3]',
      'Hello',
      'World',
      '',
      '[page 2 of 3, no text]',
      '',
      '[page 3 of 3]',
      'End',
    ]);
  });

  it('what is none, or cut short, is refused or read as far as it goes', async () => {
    expect(await refusalOf(() => readPdf(Buffer.from('%PDF-1.7\ngarbage')))).toMatchObject({
      code: 'DOC_PARSE_REFUSED',
    });
    const whole = pdfOf([['Hello']]);
    const cut = await refusalOf(() => readPdf(whole.subarray(0, whole.length - 200)));
    expect(['accepted', 'DOC_PARSE_REFUSED']).toContain(cut.code);
  });
});

it('a text in UTF-16 and a picture are shown; other bytes are not', async () => {
  const readings = new OpaqueReadings(undefined);
  const shown = async (bytes: Buffer, version = 1): Promise<string | undefined> =>
    (await readings.of({ id: bytes.toString('hex'), path: 'w/a' }, version, TextTree.of(bytes)))
      ?.toBuffer()
      .toString('utf8');
  expect(await shown(Buffer.from('\ufeffhé\r\nllo', 'utf16le'))).toBe('hé\r\nllo');
  expect(await shown(Buffer.from('\ufeff会', 'utf16le').swap16())).toBe('会');
  expect(await shown(Buffer.from('4749463839618002e001', 'hex'))).toBe('[GIF picture, 640 x 480 pixels, 10 bytes]\n');
  expect(await shown(Buffer.from([0, 1, 2]))).toBeUndefined();
});
