import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rebaseAims } from '../../../../src/realdoc/edit/rebase.ts';
import { resolveVerbs } from '../../../../src/realdoc/edit/resolve.ts';
import type { Verb } from '../../../../src/realdoc/edit/verbs.ts';
import { detectEncoding, type Encoding } from '../../../../src/realdoc/formats/encoding/detect.ts';
import { encode } from '../../../../src/realdoc/formats/encoding/encode.ts';
import { aimsInStored, transcodedOf } from '../../../../src/realdoc/formats/encoding/transcode.ts';
import { TextTree } from '../../../../src/realdoc/text/tree.ts';
import { refusalOf } from './land.ts';

const TEXTS: [Encoding, string][] = [
  ['gb18030', '会议纪要\n一、通知期为三十天。\n二、午餐时间改为十三点。预算 5,000 元\n'],
  ['big5', '會議記錄\n通知期為三十天。午餐時間改為十三點。\n預算為五千元整\n'],
  ['shift_jis', '議事録\n通知期間は30日とします。昼食は午後一時までです。\nよろしくお願いします\n'],
  ['euc-jp', '議事録\n通知期間は30日とします。昼食は午後一時までです。\nよろしくお願いします\n'],
  ['euc-kr', '회의록\n통지 기간은 30일입니다. 점심은 오후 한 시까지입니다.\n'],
  ['windows-1251', 'Протокол\nСрок уведомления составляет тридцать дней.\nОбед до часу дня\n'],
  ['koi8-r', 'Протокол\nСрок уведомления составляет тридцать дней.\nОбед до часу дня\n'],
  ['windows-1252', 'Protokoll\nDie Kündigungsfrist beträgt dreißig Tage.\nLe déjeuner finit à une heure\n'],
];
const bytesOf = (text: string, encoding: Encoding): Buffer => {
  const bytes = encode(text, encoding);
  if ('missing' in bytes) throw new Error(`no ${bytes.missing} in ${encoding}`);
  return bytes;
};
function edit(bytes: Buffer, verbs: Verb[]): Buffer {
  const stored = TextTree.of(bytes);
  const seen = transcodedOf(stored)!;
  const aims = aimsInStored('w/a', stored, seen, resolveVerbs({ path: 'w/a', version: 1, tree: seen.tree }, verbs));
  const result = rebaseAims(aims, stored, []);
  if ('stale' in result) throw new Error('stale without later versions');
  return stored.apply(result.change).toBuffer();
}

describe('texts that are no UTF-8', () => {
  it.each(TEXTS)('%s is recognised, and read as it was written', (encoding, text) => {
    const bytes = bytesOf(text, encoding);
    expect(detectEncoding(bytes)).toBe(encoding);
    expect(transcodedOf(TextTree.of(bytes))?.tree.toBuffer().toString('utf8')).toBe(text);
    expect(detectEncoding(Buffer.from(text))).toBeUndefined();
  });

  it.each(TEXTS)('%s: an edit is written in it, and no other byte changes', (encoding, text) => {
    const bytes = bytesOf(text, encoding);
    const [first, second] = text.split('\n');
    expect(edit(bytes, [{ put: '>1', text: [second!] }])).toEqual(
      bytesOf(`${first}\n${second}\n${text.slice(first!.length + 1)}`, encoding),
    );
    const word = second!.slice(2, 5);
    expect(edit(bytes, [{ sub: { find: word, replace: first! } }])).toEqual(
      bytesOf(text.replace(word, first!), encoding),
    );
  });

  it('what the encoding does not have is refused', async () => {
    const bytes = bytesOf(TEXTS[7]![1], 'windows-1252');
    const verbs: Verb[] = [{ set: '1', text: ['会议'] }];
    expect(await refusalOf(() => edit(bytes, verbs))).toMatchObject({
      code: 'DOC_ENCODING',
      details: { character: '会' },
    });
  });

  it('damaged UTF-8 is no other encoding', () => {
    const damaged = Buffer.concat([
      Buffer.from('Kündigungsfrist für größere Räume: '),
      Buffer.from([0xff]),
      Buffer.from('\n'),
    ]);
    expect(detectEncoding(damaged)).toBeUndefined();
  });

  it('what is encoded is decoded to the same; GB 18030 has every character', () => {
    const any = fc.string({ unit: 'grapheme', maxLength: 20 });
    const encodings = fc.constantFrom(...TEXTS.map(([encoding]) => encoding));
    fc.assert(
      fc.property(any, encodings, (text, encoding) => {
        const bytes = encode(text, encoding);
        if ('missing' in bytes) return encoding !== 'gb18030' || /[\ue000-\uf8ff\ufffd]/.test(text);
        return new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes) === text;
      }),
      { numRuns: 1000 },
    );
  });
});
