import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureModel } from '../../../scripts/starter-model/ensure-model.ts';
import { hub } from '../../../scripts/starter-model/hub.ts';
import type { ModelFile } from '../../../scripts/starter-model/model-file.ts';
import { STARTER } from '../../../scripts/starter-model/model-file.ts';
import { type FetchWheel, Unreachable } from '../../../scripts/starter-model/pip.ts';
import type { Source } from '../../../scripts/starter-model/source.ts';
import { memberName, wheels } from '../../../scripts/starter-model/wheels.ts';

const PIECE = 1000;
const BYTES = Buffer.from(Array.from({ length: 11_500 }, (_, i) => (i * 31 + (i >> 8)) & 255));
const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const pieces = Array.from({ length: 12 }, (_, i) => BYTES.subarray(i * PIECE, (i + 1) * PIECE));
const MODEL: ModelFile = {
  name: 'm.gguf',
  bytes: BYTES.length,
  sha256: sha(BYTES),
  pieceBytes: PIECE,
  pieces: pieces.map(sha),
};

let folder: string;
let server: Server | undefined;
let said: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jingu-model-'));
  said = '';
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const target = () => join(folder, MODEL.name);
const part = () => `${target()}.part`;

function ensure(sources: Source[], more: { alsoLookIn?: string[] } = {}) {
  const screen = { write: (text: string) => (said += text) };
  return ensureModel({
    model: MODEL,
    modelsDirectory: folder,
    sources,
    screen,
    signal: new AbortController().signal,
    ...more,
  });
}

/** A hub on loopback; `answer` gets where to start and the number of this request. */
async function serve(answer: (response: ServerResponse, from: number, request: number) => void): Promise<string> {
  let count = 0;
  server = createServer((request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    answer(response, from, ++count);
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/m.gguf`;
}

function ranged(response: ServerResponse, from: number, bytes: Uint8Array = BYTES): ServerResponse {
  const rest = bytes.length - from;
  if (from === 0) return response.writeHead(200, { 'content-length': rest });
  return response.writeHead(206, {
    'content-length': rest,
    'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
  });
}

const never: Source = {
  name: 'never',
  fetch: () => Promise.reject(new Error('must not be asked')),
};

describe('a hub', () => {
  it('gives the file, which is then remembered as verified', async () => {
    const url = await serve((response, from) => ranged(response, from).end(BYTES.subarray(from)));
    expect(await ensure([hub('hub', url)])).toBe(target());
    expect(readFileSync(target())).toEqual(BYTES);
    expect(await ensure([never])).toBe(target());
    expect(JSON.parse(readFileSync(`${target()}.verified.json`, 'utf8'))).toMatchObject({ sha256: MODEL.sha256 });
  });

  it('is resumed where the line broke, in the same run', async () => {
    const asked: number[] = [];
    const url = await serve((response, from, request) => {
      asked.push(from);
      ranged(response, from);
      if (request > 2) return response.end(BYTES.subarray(from));
      response.write(BYTES.subarray(from, from + 2_500), () => response.destroy());
    });
    expect(await ensure([hub('hub', url)])).toBe(target());
    expect(asked).toEqual([0, 2_500, 5_000]);
  });

  it('goes on from what an earlier run left', async () => {
    writeFileSync(part(), BYTES.subarray(0, 4_321));
    const asked: number[] = [];
    const url = await serve((response, from) => {
      asked.push(from);
      ranged(response, from).end(BYTES.subarray(from));
    });
    expect(await ensure([hub('hub', url)])).toBe(target());
    expect(asked).toEqual([4_321]);
  });

  it('that does not know ranges still completes a file begun before', async () => {
    writeFileSync(part(), BYTES.subarray(0, 4_321));
    const url = await serve((response) => ranged(response, 0).end(BYTES));
    expect(await ensure([hub('hub', url)])).toBe(target());
  });

  it('drops a damaged beginning back to the last good piece', async () => {
    const damaged = Buffer.from(BYTES.subarray(0, 5_000));
    damaged[3_500] = damaged[3_500]! ^ 1;
    writeFileSync(part(), damaged);
    const asked: number[] = [];
    const url = await serve((response, from) => {
      asked.push(from);
      ranged(response, from).end(BYTES.subarray(from));
    });
    expect(await ensure([hub('hub', url)])).toBe(target());
    expect(asked).toEqual([3_000]);
  });

  it('with other bytes is left, and what was good goes on from the next source', async () => {
    const wrong = Buffer.from(BYTES);
    wrong[6_001] = wrong[6_001]! ^ 1;
    const asked: number[] = [];
    const url = await serve((response, from, request) => {
      asked.push(from);
      ranged(response, from).end((request === 1 ? wrong : BYTES).subarray(from));
    });
    expect(await ensure([hub('first', url), hub('second', url)])).toBe(target());
    expect(asked).toEqual([0, 6_000]);
    expect(said).toContain('first: piece 7 of 12 is not what it should be');
  });

  it('with too many bytes is left', async () => {
    const url = await serve((response) =>
      ranged(response, 0, Buffer.concat([BYTES, BYTES])).end(Buffer.concat([BYTES, BYTES])),
    );
    expect(await ensure([hub('long', url)])).toBe(undefined);
    expect(said).toContain('longer than it should be');
  });

  it('that says no, or is not there, costs one sentence', async () => {
    const url = await serve((response) => response.writeHead(404).end());
    expect(await ensure([hub('hub', url), hub('nobody', 'http://127.0.0.1:9/x')])).toBe(undefined);
    expect(said).toMatch(/hub: answered 404\n/);
    expect(said).toMatch(/nobody: .+\n/);
  });

  it('that takes the call and stays silent is given up after the time it may cost', async () => {
    const url = await serve(() => {});
    expect(await ensure([hub('silent', url, { reachMs: 50 })])).toBe(undefined);
    expect(said).toContain('silent: not reachable within 0.05 s');
  });

  it('that stops in the middle and brings nothing more is left', async () => {
    const url = await serve((response, from, request) => {
      ranged(response, from);
      if (request === 1) response.write(BYTES.subarray(0, 1_500));
      else response.flushHeaders();
    });
    expect(await ensure([hub('stuck', url, { stallMs: 50 })])).toBe(undefined);
    expect(said).toContain('stuck: nothing came');
    expect(statSync(part()).size).toBe(1_500);
  });
});

describe('a file that is there', () => {
  it('is taken from the cache by link', async () => {
    const cache = join(folder, 'cache');
    mkdirSync(cache);
    writeFileSync(join(cache, MODEL.name), BYTES);
    expect(await ensure([never], { alsoLookIn: [cache] })).toBe(target());
    expect(statSync(target()).ino).toBe(statSync(join(cache, MODEL.name)).ino);
  });

  it('is not believed because of its name or size', async () => {
    const altered = Buffer.from(BYTES);
    altered[9] = altered[9]! ^ 1;
    writeFileSync(target(), altered);
    expect(await ensure([])).toBe(undefined);
  });

  it('is read again when it changed after it was verified', async () => {
    writeFileSync(target(), BYTES);
    expect(await ensure([never])).toBe(target());
    const altered = Buffer.from(BYTES);
    altered[9] = altered[9]! ^ 1;
    writeFileSync(target(), altered);
    utimesSync(target(), new Date(), new Date(1_700_000_000_000));
    expect(await ensure([])).toBe(undefined);
  });
});

describe('the wheels', () => {
  /** A zip with one member, stored or deflated, as wheels are. */
  function zip(name: string, content: Uint8Array, deflate: boolean): Buffer {
    const body = deflate ? deflateRawSync(content) : content;
    const entry = (signature: number, head: number[]) => {
      const out = Buffer.alloc(signature === 0x04034b50 ? 30 : 46);
      out.writeUInt32LE(signature, 0);
      const at = signature === 0x04034b50 ? 8 : 10;
      out.writeUInt16LE(deflate ? 8 : 0, at);
      out.writeUInt32LE(crc32(content), at + 6);
      out.writeUInt32LE(body.length, at + 10);
      out.writeUInt32LE(content.length, at + 14);
      out.writeUInt16LE(Buffer.byteLength(name), at + 18);
      for (const [i, value] of head.entries()) out.writeUInt32LE(value, 42 + i * 4);
      return Buffer.concat([out, Buffer.from(name)]);
    };
    const local = Buffer.concat([entry(0x04034b50, []), body]);
    const central = entry(0x02014b50, [0]);
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(1, 10);
    end.writeUInt32LE(local.length, 16);
    return Buffer.concat([local, central, end]);
  }

  function shop(spoil: (part: number, attempt: number, wheel: Buffer) => Buffer = (_p, _a, wheel) => wheel) {
    const asked: number[] = [];
    const fetchWheel: FetchWheel = async (number, into) => {
      asked.push(number);
      const attempt = asked.filter((n) => n === number).length;
      const wheel = zip(memberName(number), pieces[number - 1]!, number % 2 === 0);
      const path = join(into, `part${number}.whl`);
      writeFileSync(path, spoil(number, attempt, wheel));
      return path;
    };
    return { source: wheels(fetchWheel), asked };
  }

  it('are joined by number, so that 10 comes after 9 and not before 2', async () => {
    const { source, asked } = shop();
    expect(await ensure([source])).toBe(target());
    expect(asked).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(readFileSync(target())).toEqual(BYTES);
  });

  it('go on from whole pieces of an earlier run', async () => {
    writeFileSync(part(), BYTES.subarray(0, 4_321));
    const { source, asked } = shop();
    expect(await ensure([source])).toBe(target());
    expect(asked[0]).toBe(5);
  });

  it.each([
    ['cut short', (wheel: Buffer) => wheel.subarray(0, wheel.length - 30)],
    ['altered', (wheel: Buffer) => Buffer.from(wheel.map((byte, i) => (i === 200 ? byte ^ 1 : byte)))],
    ['empty', () => Buffer.alloc(0)],
  ])('fetch a part again that came %s', async (_name, spoil) => {
    const { source, asked } = shop((number, attempt, wheel) => (number === 3 && attempt === 1 ? spoil(wheel) : wheel));
    expect(await ensure([source])).toBe(target());
    expect(asked.filter((number) => number === 3)).toHaveLength(2);
  });

  it('are given up when a part never comes right, and keep what was right', async () => {
    const { source } = shop((number, _attempt, wheel) => (number === 3 ? wheel.subarray(9) : wheel));
    expect(await ensure([source])).toBe(undefined);
    expect(statSync(part()).size).toBe(2_000);
  });

  it('are not asked twice when there is no python or no line', async () => {
    let calls = 0;
    const source = wheels(async () => {
      calls++;
      throw new Unreachable('python3 is not installed');
    });
    expect(await ensure([source])).toBe(undefined);
    expect(calls).toBe(1);
    expect(said).toContain('Python wheels: python3 is not installed');
  });
});

it('the starter model is described without a gap', () => {
  expect(STARTER.pieces).toHaveLength(Math.ceil(STARTER.bytes / STARTER.pieceBytes));
  expect(new Set(STARTER.pieces).size).toBe(22);
  expect(STARTER.sha256).toBe('cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046');
});
