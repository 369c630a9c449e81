/** Bytes of all bodies of one call: a file of the largest size that is taken in, flat, with room. */
export const MAX_BODY = 1024 * 1024 * 1024;
export const ANSWER_PIECE = 256 * 1024;

/** Parameters of every request to the parse guest; the bodies come one after the other in its binary frames. */
export interface ParseCall {
  params: unknown;
  bodies: number[];
}

/** The answer. Before it came its bytes, in binary parts: the JSON of the value, then the blobs. */
export interface ParseResult {
  json: number;
  blobs: number[];
}

/** Views of `bytes`, one after the other. */
export function cutBytes(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  let at = 0;
  return lengths.map((length) => {
    at += length;
    return bytes.subarray(at - length, at);
  });
}
