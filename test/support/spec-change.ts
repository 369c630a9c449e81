import { Bytes, leb128 } from './spec-bytes.ts';

export interface Splice {
  at: number;
  del: Buffer;
  ins: Buffer;
}

export function changeOf(plain: Buffer): Splice[] {
  const r = new Bytes(plain);
  let end = 0;
  return Array.from({ length: r.number() }, () => {
    const at = end + r.number();
    const [out, into] = [r.number(), r.number()];
    end = at + out;
    return { at, del: r.take(out), ins: r.take(into) };
  });
}

export function plainOf(change: Splice[]): Buffer {
  let end = 0;
  const parts = change.flatMap(({ at, del, ins }) => {
    const head = [at - end, del.length, ins.length].map(leb128);
    end = at + del.length;
    return [...head, del, ins];
  });
  return Buffer.concat([leb128(change.length), ...parts]);
}

export function apply(text: Buffer, change: Splice[]): Buffer {
  const parts: Buffer[] = [];
  let done = 0;
  for (const { at, del, ins } of change) {
    if (!text.subarray(at, at + del.length).equals(del)) throw new Error(`other bytes at ${at} than were taken out`);
    parts.push(text.subarray(done, at), ins);
    done = at + del.length;
  }
  return Buffer.concat([...parts, text.subarray(done)]);
}
