import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';

/** The files of a `.tar.zst`, by name. Enough of tar for data sets: plain files, long names of GNU and pax. */
export function readTarZst(path: string): Map<string, Buffer> {
  const tar = zstdDecompressSync(readFileSync(path));
  const files = new Map<string, Buffer>();
  let long: string | undefined;
  for (let at = 0; at + 512 <= tar.length; ) {
    const header = tar.subarray(at, at + 512);
    if (header[0] === 0) break;
    const field = (from: number, length: number): string =>
      header.toString('utf8', from, from + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(field(124, 12).trim() || '0', 8);
    const type = field(156, 1);
    const content = tar.subarray(at + 512, at + 512 + size);
    if (type === 'L') long = content.toString('utf8').replace(/\0.*$/s, '');
    else if (type === 'x') long = /\d+ path=([^\n]*)\n/.exec(content.toString('utf8'))?.[1] ?? long;
    else {
      const prefix = field(257, 5) === 'ustar' ? field(345, 155) : '';
      const name = long ?? (prefix ? `${prefix}/${field(0, 100)}` : field(0, 100));
      if (type === '0' || type === '') files.set(name.replace(/^\.\//, ''), Buffer.from(content));
      long = undefined;
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

/** Writes files below a folder; names that lead out of it are refused. */
export function writeFiles(folder: string, files: ReadonlyMap<string, Buffer>): void {
  for (const [name, content] of files) {
    if (normalize(name).startsWith('..')) throw new Error(`${name} leads out of the folder`);
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}
