import { describe, expect, it } from 'vitest';
import { ownerFilesOf, ownerOf } from '../../../src/realdoc/projection/owner-files.ts';

describe('owner files', () => {
  it('are looked for under the names that each program gives them', () => {
    expect(ownerFilesOf('a.docx')).toEqual(['.~lock.a.docx#', '~$a.docx']);
    expect(ownerFilesOf('invoices.docx')).toEqual(['.~lock.invoices.docx#', '~$invoices.docx', '~$voices.docx']);
    expect(ownerFilesOf('seventh.docx')).toContain('~$eventh.docx');
  });

  it('say who it is, whatever the program and the alphabet', () => {
    const word = Buffer.alloc(162);
    word[0] = 3;
    word.write('???', 1, 'latin1');
    word.writeUInt16LE(3, 54);
    word.write('王小林', 56, 'utf16le');
    expect(ownerOf('~$report.docx', word)).toBe('王小林');
    const excel = Buffer.alloc(165, 0x20);
    excel[0] = 3;
    excel.write('Lin', 1, 'latin1');
    excel.writeUInt16LE(3, 55);
    excel.write('Lin', 57, 'utf16le');
    expect(ownerOf('~$sheet.xlsx', excel)).toBe('Lin');
    expect(ownerOf('.~lock.a.odt#', Buffer.from('Lin \\, Xiao,lin,pc-7,21.11.2026 09:15,file:///x;'))).toBe(
      'Lin , Xiao (pc-7)',
    );
    expect(ownerOf('~$a.docx', Buffer.alloc(0))).toBeUndefined();
    expect(ownerOf('.~lock.a#', Buffer.from('\u001b[31mred\u202e,,,'))).toBe('[31mred');
  });
});
