/**
 * Frames over one duplex stream: 4 bytes big-endian payload length, 1 type byte (0 JSON, 1 binary), payload.
 * A binary payload starts with the 4-byte id of the request it belongs to. There is no way to find the next frame
 * after a bad one, so whoever reads a malformed frame ends the connection.
 */
export const MAX_PAYLOAD = 8 * 1024 * 1024;
const HEADER = 5;
const JSON_TYPE = 0;
const BINARY_TYPE = 1;

/** `size` is what the frame took on the stream, header included. */
export type Frame =
  | { kind: 'json'; size: number; value: unknown }
  | { kind: 'binary'; size: number; id: number; bytes: Uint8Array };

/** The stream cannot be read any further. `message` never holds payload. */
export class FrameError extends Error {}

/** Throws `FrameError` when the encoded value is over `MAX_PAYLOAD`. `undefined` travels as null. */
export function encodeJson(value: unknown): Buffer {
  const payload = Buffer.from(JSON.stringify(value) ?? 'null');
  return withHeader(JSON_TYPE, payload.length, [payload]);
}

/** `id` is the request's number, an unsigned 32-bit integer. The bytes are copied. */
export function encodeBinary(id: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([binaryHead(id, bytes.length), bytes]);
}

/** What stands before `length` bytes of request `id`, for a sender that does not want to copy them. */
export function binaryHead(id: number, length: number): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(id);
  return withHeader(BINARY_TYPE, length + 4, [prefix]);
}

function withHeader(type: number, length: number, parts: Uint8Array[]): Buffer {
  if (length > MAX_PAYLOAD) throw new FrameError(`a frame of ${length} bytes is over the limit of ${MAX_PAYLOAD}`);
  const header = Buffer.alloc(HEADER);
  header.writeUInt32BE(length);
  header[4] = type;
  return Buffer.concat([header, ...parts]);
}

/** Takes chunks as they come and gives whole frames in order. After it threw it must not be used again. */
export class FrameReader {
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true });
  #chunks: Uint8Array[] = [];
  #held = 0;
  /** Bytes that must be held before anything can be decided: a header, then a whole frame. */
  #need = HEADER;

  /** True between frames: a stream that ends elsewhere was cut. */
  get isEmpty(): boolean {
    return this.#held === 0;
  }

  *push(chunk: Uint8Array): Generator<Frame> {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    while (this.#held >= this.#need) {
      const bytes = this.#joined();
      const length = bytes.readUInt32BE(0);
      if (length > MAX_PAYLOAD) throw new FrameError(`a frame claims ${length} bytes`);
      if (bytes.length < HEADER + length) {
        this.#need = HEADER + length;
        return;
      }
      const frame = this.#decode(bytes[4]!, bytes.subarray(HEADER, HEADER + length));
      const rest = bytes.subarray(HEADER + length);
      this.#chunks = rest.length > 0 ? [rest] : [];
      this.#held = rest.length;
      this.#need = HEADER;
      yield frame;
    }
  }

  #joined(): Buffer {
    const only = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#held);
    this.#chunks = [only];
    return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
  }

  #decode(type: number, payload: Buffer): Frame {
    const size = HEADER + payload.length;
    if (type === BINARY_TYPE) {
      if (payload.length < 4) throw new FrameError('a binary frame without an id');
      return { kind: 'binary', size, id: payload.readUInt32BE(0), bytes: payload.subarray(4) };
    }
    if (type !== JSON_TYPE) throw new FrameError(`unknown frame type ${type}`);
    try {
      return { kind: 'json', size, value: JSON.parse(this.#utf8.decode(payload)) };
    } catch {
      throw new FrameError('a frame that is not JSON');
    }
  }
}
