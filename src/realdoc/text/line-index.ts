/** A plain byte text cut at `\n`, as the diff wants it: line i (from 0) is bytes starts[i] up to starts[i + 1]. */
export interface LineIndex {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array | number[];
  readonly count: number;
}

export function indexLines(bytes: Uint8Array): LineIndex {
  const starts = [0];
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
    if (at + 1 < bytes.length) starts.push(at + 1);
  }
  const count = bytes.length === 0 ? 0 : starts.length;
  starts.push(bytes.length);
  return { bytes, starts, count };
}

export function lineBytes(index: LineIndex, line: number): Uint8Array {
  return index.bytes.subarray(index.starts[line]!, index.starts[line + 1]!);
}

/** Numbers equal lines of both texts alike, so the diff compares integers. */
export function numberLines(a: LineIndex, b: LineIndex): { a: Int32Array; b: Int32Array; distinct: number } {
  const ids = new Map<string, number>();
  const number = (index: LineIndex): Int32Array => {
    const out = new Int32Array(index.count);
    for (let i = 0; i < index.count; i++) {
      const line = lineBytes(index, i);
      // Latin-1 keeps every byte apart and is the cheapest key Node can make of bytes.
      const key = Buffer.from(line.buffer, line.byteOffset, line.length).toString('latin1');
      let id = ids.get(key);
      if (id === undefined) {
        id = ids.size;
        ids.set(key, id);
      }
      out[i] = id;
    }
    return out;
  };
  return { a: number(a), b: number(b), distinct: ids.size };
}
