/** What the head of a picture says of it. */
export interface PictureFacts {
  type: 'PNG' | 'JPEG' | 'GIF' | 'WebP' | 'BMP';
  width: number;
  height: number;
}

/** As much as a head may need: pictures of cameras begin with previews and colour tables. */
export const PICTURE_HEAD = 1024 * 1024;

/** Kind and size in pixels, read from the head alone; nothing for what is no picture or is cut too short. */
export function pictureFacts(head: Buffer): PictureFacts | undefined {
  const starts = (text: string, at = 0): boolean => head.toString('latin1', at, at + text.length) === text;
  if (starts('\x89PNG\r\n\x1a\n') && starts('IHDR', 12) && head.length >= 24) {
    return { type: 'PNG', width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
  }
  if ((starts('GIF87a') || starts('GIF89a')) && head.length >= 10) {
    return { type: 'GIF', width: head.readUInt16LE(6), height: head.readUInt16LE(8) };
  }
  if (starts('BM') && head.length >= 26 && head.readUInt32LE(14) >= 40) {
    return { type: 'BMP', width: Math.abs(head.readInt32LE(18)), height: Math.abs(head.readInt32LE(22)) };
  }
  if (starts('RIFF') && starts('WEBP', 8)) return webp(head);
  return starts('\xff\xd8\xff') ? jpeg(head) : undefined;
}

/** ITU T.81, B.2.2: the first frame header holds the size. */
function jpeg(head: Buffer): PictureFacts | undefined {
  let at = 2;
  while (at + 9 < head.length) {
    if (head[at] !== 0xff) return undefined;
    const marker = head[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    // C4, C8 and CC are tables, and not frames.
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return { type: 'JPEG', width: head.readUInt16BE(at + 7), height: head.readUInt16BE(at + 5) };
    }
    at += marker === 1 || (marker >= 0xd0 && marker <= 0xd8) ? 2 : 2 + head.readUInt16BE(at + 2);
  }
  return undefined;
}

/** RFC 9649, 2.5 to 2.7. */
function webp(head: Buffer): PictureFacts | undefined {
  if (head.length < 30) return undefined;
  const chunk = head.toString('latin1', 12, 16);
  if (chunk === 'VP8X') return { type: 'WebP', width: 1 + head.readUIntLE(24, 3), height: 1 + head.readUIntLE(27, 3) };
  if (chunk === 'VP8 ')
    return { type: 'WebP', width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff };
  if (chunk !== 'VP8L') return undefined;
  const bits = head.readUInt32LE(21);
  return { type: 'WebP', width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
}
