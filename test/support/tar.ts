import { readFileSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';

/** The plain files of a `.tar.zst`, in memory. */
export function filesOfTar(path: string): { name: string; bytes: Buffer }[] {
  const tar = zstdDecompressSync(readFileSync(path));
  const out: { name: string; bytes: Buffer }[] = [];
  let long: string | undefined;
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const text = (from: number, to: number): string => tar.toString('utf8', at + from, at + to).replace(/\0.*$/s, '');
    const size = Number.parseInt(text(124, 136), 8);
    const type = text(156, 157);
    const bytes = tar.subarray(at + 512, at + 512 + size);
    const prefix = text(345, 500);
    // GNU and pax each have a way to say names that do not fit.
    if (type === 'L') long = bytes.toString('utf8').replace(/\0.*$/s, '');
    else if (type === 'x') long = /(?:^|\n)\d+ path=([^\n]*)/.exec(bytes.toString('utf8'))?.[1];
    else {
      if (type === '0' || type === '') out.push({ name: long ?? (prefix ? `${prefix}/` : '') + text(0, 100), bytes });
      long = undefined;
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return out;
}
