import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  encodeBinary,
  encodeJson,
  type Frame,
  FrameError,
  FrameReader,
  MAX_PAYLOAD,
} from '../../../src/guest/frames.ts';

function read(bytes: Uint8Array, cuts: number[] = []): Frame[] {
  const reader = new FrameReader();
  const out: Frame[] = [];
  let from = 0;
  for (const cut of [...cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    out.push(...reader.push(bytes.subarray(from, cut)));
    from = Math.max(from, cut);
  }
  expect(reader.isEmpty).toBe(true);
  return out;
}

interface Item {
  bytes: Uint8Array;
  check(frame: Frame): void;
}

const jsonItem = fc.jsonValue().map(
  (value): Item => ({
    bytes: encodeJson(value),
    check: (frame) => expect(frame).toMatchObject({ kind: 'json', value: JSON.parse(JSON.stringify(value)) }),
  }),
);
const binaryItem = fc.record({ id: fc.nat(0xffffffff), data: fc.uint8Array({ maxLength: 300 }) }).map(
  ({ id, data }): Item => ({
    bytes: encodeBinary(id, data),
    check(frame) {
      expect(frame).toMatchObject({ kind: 'binary', id });
      if (frame.kind === 'binary') expect([...frame.bytes]).toEqual([...data]);
    },
  }),
);

test('frames come out as they went in, however the stream was cut', () => {
  const items = fc.array(fc.oneof(jsonItem, binaryItem), { maxLength: 8 });
  fc.assert(
    fc.property(items, fc.array(fc.nat(), { maxLength: 12 }), (sent, cuts) => {
      const frames = read(Buffer.concat(sent.map((item) => item.bytes)), cuts);
      expect(frames.length).toBe(sent.length);
      for (const [index, frame] of frames.entries()) {
        sent[index]!.check(frame);
        expect(frame.size).toBe(sent[index]!.bytes.length);
      }
    }),
  );
});

test('random bytes give frames or a FrameError, never another failure', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 6 }), (chunks) => {
      const reader = new FrameReader();
      try {
        for (const chunk of chunks) for (const frame of reader.push(chunk)) expect(frame.size).toBeGreaterThan(4);
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError);
      }
    }),
    { numRuns: 1000 },
  );
});

test.each([
  ['a length over the limit', Buffer.from([0xff, 0xff, 0xff, 0xff, 0]), 'claims'],
  ['an unknown type', Buffer.from([0, 0, 0, 1, 7, 0]), 'type 7'],
  ['text that is not JSON', Buffer.from([0, 0, 0, 1, 0, 0x7b]), 'not JSON'],
  ['text that is not UTF-8', Buffer.from([0, 0, 0, 3, 0, 0x22, 0xff, 0x22]), 'not JSON'],
  ['a binary frame without an id', Buffer.from([0, 0, 0, 1, 1, 0]), 'without an id'],
])('%s is malformed', (_name, bytes, message) => {
  expect(() => [...new FrameReader().push(bytes)]).toThrow(message);
});

test('a claim over the limit is refused before its payload arrives', () => {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(MAX_PAYLOAD + 1);
  expect(() => [...new FrameReader().push(header)]).toThrow(FrameError);
});

test('the largest frame passes and one byte more is refused by the sender', () => {
  const bytes = new Uint8Array(MAX_PAYLOAD - 4);
  const [frame] = read(encodeBinary(1, bytes), [1, 5, 1000, 4_000_000]);
  expect(frame).toMatchObject({ kind: 'binary', size: MAX_PAYLOAD + 5 });
  expect(() => encodeBinary(1, new Uint8Array(MAX_PAYLOAD - 3))).toThrow(FrameError);
});

test('a frame cut at the end is seen as not empty', () => {
  const reader = new FrameReader();
  expect([...reader.push(encodeJson({ a: 1 }).subarray(0, 7))]).toEqual([]);
  expect(reader.isEmpty).toBe(false);
});
