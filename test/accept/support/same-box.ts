/**
 * One box of the acceptance realdoc-determinism, in a process with its own locale, time zone and folder. `argv`: what to
 * do, folder, seed, number of calls. `make`: makes the calls that the seed says. Then, or with `read` at once: prints a
 * fingerprint of every version of every document, as JSON.
 */
import { createHash, hash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJinguError, silentLogger } from '../../../src/common/index.ts';
import { realdocMigrations } from '../../../src/realdoc/index.ts';
import * as rows from '../../../src/realdoc/repository/index.ts';
import { Store } from '../../../src/store/index.ts';
import { DocBox } from '../../support/doc-box.ts';
import { randomFrom } from '../../support/random.ts';

const [what, base, seed, calls] = process.argv.slice(2) as [string, string, string, string];
/** Texts on which locales and time zones disagree: cases, sorting, widths, dates, separators. */
const PARTS = [
  'İstanbul',
  'IĞDIR',
  'straße',
  'STRASSE',
  'Ångström',
  'ﬁne',
  '1.234,5',
  '1,234.5',
  '٣',
  '日本語',
  'e\u0301',
];
const PATHS = ['a.md', 'Überblick.txt', 'sub/daten.csv', 'sub/i.json', 'z.yaml'];
const random = randomFrom(Number(seed));
const below = (n: number): number => Math.floor(random() * n);
const alive = setInterval(() => undefined, 1000);
if (what === 'read') await move();
const box = await DocBox.open({ base });
if (what === 'make') await make();
const { locale, timeZone } = Intl.DateTimeFormat().resolvedOptions();
process.stdout.write(`${JSON.stringify({ locale, timeZone, documents: await fingerprint() })}\n`);
await box.close();
clearInterval(alive);

async function make(): Promise<void> {
  await box.addWorkspace();
  for (const rel of PATHS) {
    const text = rel.endsWith('.json')
      ? '{\n  "server": {\n    "port": 80\n  }\n}\n'
      : Array.from({ length: 12 }, (_, i) => `${i}: ${words()}${i % 5 === 0 ? '\r' : ''}\n`).join('');
    await box.call('doc.create', { path: `office/${rel}`, text });
  }
  await box.room.settled();
  for (let i = 0; i < Number(calls); i++) {
    try {
      await call(PATHS[below(PATHS.length)]!, below(12));
    } catch (error) {
      if (!isJinguError(error)) throw error;
    }
  }
  await box.room.settled();
}

async function call(rel: string, which: number): Promise<void> {
  const path = `office/${rel}`;
  const { version, total } = await box.call<{ version: number; total: number }>('doc.read', { path, from: 1, to: 1 });
  const line = 1 + below(total);
  if (which === 0) {
    // A person saves, with bytes that are no UTF-8 among it. All is at rest before and after, so that races of two
    // writers, which fall one way or the other, play no part.
    await box.room.settled();
    const bytes = Buffer.concat([Buffer.from(`${words()}\n${words()}\r\n`), Buffer.from([0xe4, 0xff, 10])]);
    mkdirSync(join(box.root, rel, '..'), { recursive: true });
    writeFileSync(join(box.root, rel), bytes);
    await box.call('doc.import', { path });
    await box.room.settled();
  } else if (which === 1) await box.call('doc.undo', { path });
  else if (which === 2 && version > 2) await box.call('doc.rollback', { path, to: `v${1 + below(version - 1)}` });
  else if (which === 3) {
    const verbs = [{ sub: { find: PARTS[below(PARTS.length)], replace: words(), all: true } }];
    await box.call('doc.edit', { path, base: version, verbs });
  } else if (which === 4 && total > 5) await box.call('doc.edit', { path, base: version, verbs: [{ cut: `${line}` }] });
  else if (which === 5) {
    // Against an older version: carried over what came since.
    const old = Math.max(1, version - below(3));
    await box.call('doc.edit', { path, base: old, verbs: [{ put: '>1', text: [words()] }] });
  } else {
    const text = [words(), words()].slice(0, 1 + below(2));
    await box.call('doc.edit', {
      path,
      base: version,
      verbs: [which < 9 ? { set: `${line}`, text } : { put: `>${line}`, text }],
    });
  }
}

function words(): string {
  return Array.from({ length: 1 + below(6) }, () => PARTS[below(PARTS.length)]).join(' ');
}

/** The copy lies in another folder, and so does its share. */
async function move(): Promise<void> {
  const store = new Store({ directory: join(base, 'data'), migrations: realdocMigrations, log: silentLogger });
  const root = join(base, 'share');
  const { changes } = await store.write((tx) => tx.run('UPDATE doc_workspace SET root = ?, seen = NULL', root));
  await store.close();
  if (changes !== 1) throw new Error('no workspace to move');
}

/** Of every version: what replay gives, what a read gives, and the splices as they are stored. */
async function fingerprint(): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  const [workspace] = rows.workspaces(box.store);
  for (const rel of PATHS) {
    const file = rows.fileAt(box.store, workspace!.id, rel);
    if (!file) throw new Error(`${rel} is not there`);
    const path = `office/${rel}`;
    found[rel] = [];
    for (const op of rows.opsBetween(box.store, file.id, 0, file.head)) {
      const to = `v${op.version}`;
      const replayed = await box.call<{ sha256: string; equal: boolean }>('doc.replay', { path, to });
      const read = await box.call<{ lines: { text: string }[] }>('doc.read', { path, at: to, from: 1, to: 400 });
      const bytes = box.room.documents.read(box.store, file, op.version).toBuffer();
      const whole = createHash('sha256').update(bytes).digest('hex');
      const lines = hash('sha256', JSON.stringify(read.lines));
      const splices = hash('sha256', op.splices);
      found[rel].push([to, op.source, op.base, replayed.sha256, replayed.equal, whole, lines, splices].join(' '));
    }
  }
  return found;
}
