import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DocBox } from '../test/support/doc-box.ts';

export interface Latency {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

export interface RealdocEditResult {
  /** A bare commit of one 200-byte row in the same database in the same run: the floor, in milliseconds. */
  bareCommitMs: Latency;
  /** Durable one-line edit through prepare and apply, in milliseconds, by size of the document. */
  edits: Record<
    string,
    {
      bytes: number;
      ingestMs: number;
      openToFirstEditMs: number;
      editMs: Latency;
      inMemoryMs: Latency;
      rssGrowthBytes: number;
    }
  >;
  /** Edit of the 1 MB document until the file on the share holds it. */
  fileVisibleMs: Latency;
  /** Longest time one ingest transaction of the largest document held the writer. */
  longestIngestHoldMs: number;
}

function spread(samples: number[]): Latency {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number): number =>
    Number((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(3));
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** Lines of about 30 to 90 bytes, as prose has them, without two lines being equal by design. */
function proseOf(bytes: number): Buffer {
  const words =
    'the notice period of this agreement begins with the month after which either party has received it'.split(' ');
  const lines: string[] = [];
  let size = 0;
  for (let i = 0; size < bytes; i++) {
    const line = `${i} ${words.slice(i % 7, (i % 7) + 5 + (i % 11)).join(' ')}`;
    lines.push(line);
    size += line.length + 1;
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}

/** Measures durable edits of a small and a large document beside a bare commit. `large` in bytes. */
export async function benchRealdocEdit(options: { large?: number; edits?: number } = {}): Promise<RealdocEditResult> {
  const count = options.edits ?? 300;
  const base = mkdtempSync(join(tmpdir(), 'jingu-bench-'));
  mkdirSync(join(base, 'share'));
  const sizes: Record<string, number> = { '1 MB': 1_000_000, '100 MB': options.large ?? 100_000_000 };
  // Timers of the box do not keep a process alive by themselves.
  const alive = setInterval(() => undefined, 60_000);
  const box = await DocBox.open({ base });
  try {
    await box.addWorkspace();
    const result: RealdocEditResult = {
      bareCommitMs: spread([]),
      edits: {},
      fileVisibleMs: spread([]),
      longestIngestHoldMs: 0,
    };
    const holds: number[] = [];
    const write = box.store.write.bind(box.store);
    box.store.write = (fn) =>
      write((tx) => {
        const from = performance.now();
        const value = fn(tx);
        holds.push(performance.now() - from);
        return value;
      });
    const onShare = async (path: string, wanted: number): Promise<void> => {
      for (;;) {
        const { documents } = await box.call<{ documents: { onShare: number }[] }>('doc.status', { path });
        if (documents[0]!.onShare >= wanted) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    for (const [name, bytes] of Object.entries(sizes)) {
      const rel = `${name.replace(' ', '-')}.txt`;
      await writeFile(join(base, 'share', rel), proseOf(bytes));
      const path = `office/${rel}`;
      globalThis.gc?.();
      const rss = process.memoryUsage().rss;
      holds.length = 0;
      const ingestFrom = performance.now();
      const { total } = await box.call<{ total: number }>('doc.read', { path, from: 1, to: 1 });
      const ingestMs = performance.now() - ingestFrom;
      result.longestIngestHoldMs = Number(Math.max(result.longestIngestHoldMs, ...holds).toFixed(2));
      box.room.documents.forgetAll();
      let version = 1;
      const samples: number[] = [];
      const memory: number[] = [];
      const edit = async (i: number): Promise<number> => {
        const line = 1 + ((i * 7919) % total);
        const from = performance.now();
        ({ version } = await box.call<{ version: number }>('doc.edit', {
          path,
          base: version,
          verbs: [{ set: `${line}`, text: [`changed ${i}`] }],
        }));
        return performance.now() - from;
      };
      const openToFirstEditMs = await edit(0);
      for (let i = 1; i <= count; i++) {
        samples.push(await edit(i));
        const file = await box.room.locate(path, { look: false });
        const tree = box.room.documents.at(file, file.head);
        const at = tree.offsetOfLine(1 + ((i * 104_729) % total));
        const from = performance.now();
        tree.apply([{ at, del: tree.slice(at, at + 1), ins: Buffer.from('x') }]);
        memory.push(performance.now() - from);
      }
      const rssGrowthBytes = process.memoryUsage().rss - rss;
      const ms = (value: number): number => Number(value.toFixed(1));
      result.edits[name] = {
        bytes,
        ingestMs: ms(ingestMs),
        openToFirstEditMs: ms(openToFirstEditMs),
        editMs: spread(samples),
        inMemoryMs: spread(memory),
        rssGrowthBytes,
      };
      await onShare(path, version);
      if (name === '1 MB') {
        const visible: number[] = [];
        for (let i = 0; i < 60; i++) {
          const from = performance.now();
          await edit(count + 1 + i);
          await onShare(path, version);
          visible.push(performance.now() - from);
        }
        result.fileVisibleMs = spread(visible);
      }
    }
    const bare: number[] = [];
    const row = 'x'.repeat(200);
    await box.store.write((tx) => tx.run('CREATE TABLE bench_row (t TEXT) STRICT'));
    for (let i = 0; i < count; i++) {
      const from = performance.now();
      await box.store.write((tx) => tx.run('INSERT INTO bench_row (t) VALUES (?)', row));
      bare.push(performance.now() - from);
    }
    result.bareCommitMs = spread(bare);
    return result;
  } finally {
    clearInterval(alive);
    await box.close();
    rmSync(base, { recursive: true, force: true });
  }
}

if (import.meta.main) console.log(JSON.stringify(await benchRealdocEdit(), null, 2));
