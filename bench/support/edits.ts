import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { LiveBox } from '../../test/support/live-box.ts';
import { pairDevice } from '../../test/support/paired.ts';
import { type Figure, figure, median, percentile } from './figure.ts';

const WARM_UP = 50;
const ROUNDS = 500;

/** Lines as prose has them, each another, one megabyte in all. */
export function prose(bytes: number): string {
  const words = 'the notice period of this agreement begins with the month after which a party has received it'.split(
    ' ',
  );
  const lines: string[] = [];
  for (let i = 0, size = 0; size < bytes; i++) {
    const line = `${i} ${words.slice(i % 7, (i % 7) + 5 + (i % 11)).join(' ')}`;
    lines.push(line);
    size += line.length + 1;
  }
  return `${lines.join('\n')}\n`;
}

/** One-line edits over the WebSocket of a paired device, taking turns with a bare durable commit on the same disk. */
export async function measureEdits(): Promise<Figure[]> {
  await using box = await LiveBox.start();
  const share = mkdtempSync(join(tmpdir(), 'jingu-share-'));
  const floor = new BetterSqlite(join(box.data, 'floor.db'));
  try {
    floor.pragma('journal_mode = WAL');
    floor.pragma('synchronous = FULL');
    floor.exec('CREATE TABLE row (text TEXT) STRICT');
    const insert = floor.prepare('INSERT INTO row (text) VALUES (?)');
    const row = 'x'.repeat(200);

    writeFileSync(join(share, 'long.txt'), prose(1_000_000));
    await box.run('workspace.add', { name: 'office', root: share });
    const { client } = await pairDevice(box);
    await client.connect();
    const path = 'office/long.txt';
    const read = await client.invoke('doc.read', { path, from: 1, to: 1 }, { timeoutMs: 60_000 });
    let { version: base, total } = read.output as { version: number; total: number };
    total -= 1;
    const edits: number[] = [];
    const commits: number[] = [];
    for (let i = 0; i < WARM_UP + ROUNDS; i++) {
      const verbs = [{ set: String(1 + ((i * 7919) % total)), text: [`changed in round ${i}`] }];
      const from = performance.now();
      const { output } = await client.invoke('doc.edit', { path, base, verbs });
      const between = performance.now();
      insert.run(row);
      const to = performance.now();
      base = (output as { version: number }).version;
      if (i < WARM_UP) continue;
      edits.push(between - from);
      commits.push(to - between);
    }
    client.close();
    const line = (share: number, below: number) =>
      figure({
        name: `doc.edit over WebSocket, durable, 1 MB, p${share * 100}`,
        unit: 'ms',
        value: percentile(edits, share),
        below,
        beside: { what: 'bare SQLite FULL commit', value: percentile(commits, share) },
        note: `${ROUNDS} in turn; medians ${median(edits).toFixed(2)} and ${median(commits).toFixed(2)}`,
      });
    return [line(0.5, 3), line(0.99, 30)];
  } finally {
    floor.close();
    rmSync(share, { recursive: true, force: true });
  }
}
