import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Splice } from '../../src/realdoc/text/splice.ts';
import { TextTree } from '../../src/realdoc/text/tree.ts';
import { testData } from '../../test/support/test-data.ts';
import { type Figure, figure, unavailable } from '../support/figure.ts';
import { BenchBox } from './bench-box.ts';
import { appendMany, documentBytes, fileAt, packed } from './many-versions.ts';
import type { Sizes } from './sizes.ts';

const TRACES = ['automerge-paper', 'rustcode', 'seph-blog1'];
/** What the quick run replays of each. */
const QUICK_OPERATIONS = 800;

type Patch = [at: number, del: number, ins: string];
interface Trace {
  startContent: string;
  endContent: string;
  txns: { patches: Patch[] }[];
}

/** Keystrokes of real people, each a version: time, bytes, and the text at the end. */
export async function measureTraces({ quick }: Sizes): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const name of TRACES) figures.push(...(await measure(name, quick)));
  return figures;
}

async function measure(name: string, quick: boolean): Promise<Figure[]> {
  const isPaper = name === 'automerge-paper';
  const seconds = {
    name: `trace ${name}, each operation a version`,
    unit: 's' as const,
    ...(isPaper ? { below: 10 } : {}),
  };
  const size = {
    name: `trace ${name}, stored for each operation`,
    unit: 'bytes' as const,
    ...(isPaper ? { below: 60 } : {}),
  };
  const path = testData(`editing-traces/${name}.json.gz`);
  if (path === undefined)
    return [seconds, size].map((told) => unavailable({ ...told, note: 'the traces are not there' }));
  const trace = JSON.parse(gunzipSync(readFileSync(path)).toString()) as Trace;
  const all = trace.txns.flatMap((txn) => txn.patches);
  const patches = quick ? all.slice(0, QUICK_OPERATIONS) : all;
  await using box = await BenchBox.start();
  await box.parts.realdoc.projector.stop();
  const before = documentBytes(box).doc;
  writeFileSync(join(box.share, 'trace.txt'), trace.startContent || '\n');
  const doc = 'office/trace.txt';
  await box.call('doc.read', { path: doc });
  const initial = trace.startContent ? 0 : 1;
  const splices = splicesOf(trace.startContent, patches);
  const from = performance.now();
  await appendMany(box, doc, patches.length, (_tree, i) => ({ change: [splices[i]!], args: {} }), 1024);
  const took = (performance.now() - from) / 1000;
  await packed(box);
  const inAll = (performance.now() - from) / 1000;
  const stored = documentBytes(box).doc - before;
  const file = await fileAt(box, doc);
  const text = box.parts.realdoc.documents.at(file, file.head).toBuffer().toString();
  const want = quick ? replayed(trace.startContent, patches) : trace.endContent;
  // The file began with one line end, since an empty file is taken for a save that is still going on.
  if (text !== want + '\n'.repeat(initial)) throw new Error(`${name} does not end in the text it should`);
  return [
    figure({ ...seconds, value: took, note: `${patches.length} operations, 1,024 a commit, same final text` }),
    figure({
      ...size,
      value: stored / patches.length,
      note: `${(stored / 1e6).toFixed(1)} MB with indexes, packed after ${inAll.toFixed(1)} s in all`,
    }),
  ];
}

/** Positions of a trace count code points; ours count bytes. Worked out beforehand, on a text of its own. */
function splicesOf(start: string, patches: readonly Patch[]): Splice[] {
  let tree = TextTree.of(Buffer.from(start));
  let isAscii = isAsciiText(start);
  return patches.map(([at, del, added]) => {
    const from = isAscii ? at : byteAfter(tree, 0, at);
    const to = isAscii ? from + del : byteAfter(tree, from, del);
    const splice = { at: from, del: Buffer.from(tree.slice(from, to)), ins: Buffer.from(added) };
    tree = tree.apply([splice]);
    isAscii &&= isAsciiText(added);
    return splice;
  });
}

function byteAfter(tree: TextTree, from: number, points: number): number {
  let left = points;
  for (let at = from; ; ) {
    const piece = tree.slice(at, at + 16_384);
    if (piece.length === 0) return at;
    for (const byte of piece) {
      if ((byte & 0xc0) !== 0x80 && left-- === 0) return at;
      at++;
    }
  }
}

function isAsciiText(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

function replayed(start: string, patches: readonly Patch[]): string {
  const text = [...start];
  for (const [at, del, ins] of patches) text.splice(at, del, ...ins);
  return text.join('');
}
