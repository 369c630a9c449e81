import { readFileSync } from 'node:fs';

/** One call that changed files, as recorder.c wrote it down. Paths are relative to the watched folder. */
export interface Call {
  kind: number;
  /** 0, or the error of an fsync; of a rename: not 0 if one end lies outside. */
  error: number;
  path: string;
  other: string;
  inode: number;
  /** Place of a write; length of a truncation or allocation. */
  offset: number;
  data: Buffer;
}

const HEAD = 40;

/** Reads a log. A record cut short at the end belongs to a process that was killed in the middle of it. */
export function readLog(path: string, prefix: string): Call[] {
  const log = readFileSync(path);
  const calls: Call[] = [];
  for (let at = 0; at + HEAD <= log.length; ) {
    const total = log.readUInt32LE(at);
    if (at + total > log.length) break;
    const lengths = [12, 16, 20].map((place) => log.readUInt32LE(at + place)) as [number, number, number];
    let from = at + HEAD;
    const [first, second, data] = lengths.map((length) => {
      const part = log.subarray(from, from + length);
      from += length;
      return part;
    }) as [Buffer, Buffer, Buffer];
    calls.push({
      kind: log.readUInt32LE(at + 4),
      error: log.readInt32LE(at + 8),
      path: inside(first.toString(), prefix),
      other: inside(second.toString(), prefix),
      inode: Number(log.readBigUInt64LE(at + 24)),
      offset: Number(log.readBigInt64LE(at + 32)),
      data,
    });
    at += total;
  }
  return calls;
}

function inside(path: string, prefix: string): string {
  return path === prefix ? '' : path.startsWith(`${prefix}/`) ? path.slice(prefix.length + 1) : '';
}
