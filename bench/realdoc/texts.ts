import { createReadStream } from 'node:fs';
import { constants, createZstdDecompress } from 'node:zlib';
import { testData } from '../../test/support/test-data.ts';

const LAW = 'law/code-fr-756-versions.tar.zst';
const BLOCK = 512;

/** The versions of the law, oldest first, one at a time; nothing when the data is absent. */
export async function* lawVersions(): AsyncGenerator<Buffer> {
  const path = testData(LAW);
  if (path === undefined) return;
  for await (const { name, bytes } of tarEntries(createReadStream(path).pipe(wideZstd()))) {
    if (/(^|\/)\d{4}\.md$/.test(name)) yield bytes;
  }
}

/** The archive was packed with a window of 128 MB. */
function wideZstd() {
  return createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: 27 } });
}

async function* tarEntries(stream: AsyncIterable<Buffer>): AsyncGenerator<{ name: string; bytes: Buffer }> {
  let held: Buffer[] = [];
  let size = 0;
  let wanted = BLOCK;
  let name = '';
  let bytes = -1;
  for await (const chunk of stream) {
    held.push(chunk);
    size += chunk.length;
    while (size >= wanted) {
      const all = Buffer.concat(held);
      const block = all.subarray(0, wanted);
      held = [all.subarray(wanted)];
      size -= wanted;
      if (bytes < 0) {
        name = block.toString('latin1', 0, 100).replace(/\0.*$/s, '');
        if (name === '') return;
        bytes = Number.parseInt(block.toString('latin1', 124, 136), 8);
        wanted = Math.ceil(bytes / BLOCK) * BLOCK;
      } else {
        yield { name, bytes: Buffer.from(block.subarray(0, bytes)) };
        bytes = -1;
        wanted = BLOCK;
      }
    }
  }
}

/** Lines of about 30 to 90 bytes, as prose has them, no two of them equal. */
function prose(bytes: number): Buffer {
  const words = 'the notice period of this agreement begins with the month after which a party has received it'.split(
    ' ',
  );
  const lines: string[] = [];
  for (let i = 0, size = 0; size < bytes; i++) {
    const line = `${i} ${words.slice(i % 7, (i % 7) + 5 + (i % 11)).join(' ')}`;
    lines.push(line);
    size += line.length + 1;
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}

export interface LongText {
  bytes: Buffer;
  what: string;
}

/**
 * A text of about `bytes` bytes, always the same one: the newest law over and over, each line marked with the round so
 * that storage cannot win by noticing equal pieces; synthetic prose when the data is absent.
 */
export async function longText(bytes: number): Promise<LongText> {
  let newest: Buffer | undefined;
  if (bytes > 2_000_000) for await (const version of lawVersions()) newest = version;
  if (!newest) return { bytes: prose(bytes), what: 'synthetic prose' };
  const lines = newest.toString('latin1').split('\n');
  const parts: Buffer[] = [];
  for (let round = 0, size = 0; size < bytes; round++) {
    const part = Buffer.from(lines.map((line) => (line === '' ? '' : `${line} ${round}`)).join('\n'), 'latin1');
    parts.push(part);
    size += part.length;
  }
  return { bytes: Buffer.concat(parts), what: 'the newest law, each round marked' };
}
