import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJinguError } from '../../src/common/index.ts';
import * as rows from '../../src/realdoc/repository/index.ts';
import type { Blobs } from '../../src/store/index.ts';
import type { DocBox } from '../support/doc-box.ts';
import { fileDigest, openBox, withBlobs } from './crash-box.ts';
import { letter, sheet } from './office-files.ts';
import { DAY_MS } from './quick-clock.ts';

/** How long the box may take to bring its files up to date once the disk is well. */
const MEND_MS = 15_000;

const TIMES = 50;
const MONTH = 30;

/** Nothing that anybody waits for may take longer, on the worst of disks. */
const PATIENCE_MS = 20_000;

/** What the box is used for on a day. */
export const DAYS = ['texts', 'office', 'upkeep'] as const;
export type DayKind = (typeof DAYS)[number];

/**
 * A short day of the box: opened, used in every way, closed, opened again, used. Notes what was answered; whatever
 * refuses must do so with an error of the catalogue.
 */
export class Day {
  readonly problems: string[] = [];
  readonly #base: string;
  readonly #say: (answer: object) => void;
  #box: DocBox | undefined;
  #blobs: Blobs | undefined;
  /** The store said that it is in doubt: until it is opened again no write may succeed. */
  #inDoubt = false;

  constructor(base: string, say: (answer: object) => void) {
    this.#base = base;
    this.#say = say;
  }

  /** `beside`: a person whose own calls do not fail. */
  async work(kind: DayKind, beside: (person: () => void) => void): Promise<void> {
    if (kind === 'texts') await this.#texts(beside);
    else if (kind === 'office') await this.#office(beside);
    else await this.#upkeep();
  }

  async #texts(beside: (person: () => void) => void): Promise<void> {
    const large = Array.from({ length: 2500 }, (_, i) => `line ${i} of a text that is stored ahead\n`).join('');
    await this.#open();
    await this.#create('a.md', 'one\ntwo\nthree\n');
    await this.#create('sub/large.txt', large);
    await this.#edit('a.md', 'edited');
    await this.#settle();
    beside(() => this.#save('a.md', 'saved by hand\ntwo\nthree\n'));
    await this.#call('doc.import', { path: 'office/a.md' });
    await this.#edit('a.md', 'edited again');
    await this.#change('a.md', 'doc.undo', { path: 'office/a.md' });
    await this.#edit('sub/large.txt', 'large, edited');
    await this.#upload();
    await this.#settle();
    await this.#close();
    await this.#open();
    await this.#edit('a.md', 'the next day');
    await this.#settle();
  }

  /** Office files: saved by people, edited in place, packed anew. */
  async #office(beside: (person: () => void) => void): Promise<void> {
    await this.#open();
    beside(() => {
      this.#save('letter.docx', letter(['Dear Ms Li,', 'the offer stands.', 'Jingu']));
      this.#save('list.xlsx', sheet([10, 20, 30]));
    });
    const letterTaken = await this.#call('doc.import', { path: 'office/letter.docx' });
    await this.#call('doc.import', { path: 'office/list.xlsx' });
    await this.#edit('letter.docx', 'Dear Mr Wang,');
    await this.#edit('list.xlsx', '11', 'Sheet1!B1');
    await this.#settle();
    await this.#edit('list.xlsx', '21', 'Sheet1!B2');
    // Who writes over a save of their own that no box has seen yet has lost it by themselves.
    if (letterTaken) beside(() => this.#save('letter.docx', letter(['Dear Mr Wang,', 'the offer ends.', 'Jingu'])));
    await this.#call('doc.import', { path: 'office/letter.docx' });
    await this.#change('list.xlsx', 'doc.undo', { path: 'office/list.xlsx' });
    await this.#settle();
    await this.#close();
    await this.#open();
    await this.#edit('letter.docx', 'Dear all,');
    await this.#settle();
  }

  /** Old versions: packed, taken away a month later, and what only they needed is swept. */
  async #upkeep(): Promise<void> {
    await this.#open(MONTH);
    await this.#create('log.md', 'first\nsecond\n');
    for (let i = 0; i < 7; i++) await this.#edit('log.md', `entry ${i}`);
    const large = (word: string): string =>
      Array.from({ length: 900 }, (_, i) => `line ${i} of a ${word} text\n`).join('');
    await this.#create('large.txt', large('long'));
    await this.#change('large.txt', 'doc.rewrite', { path: 'office/large.txt', base: 1, text: large('rewritten') });
    await this.#settle();
    await this.#close();
    await this.#open();
    await this.#box?.room.compactor.idle();
    await this.#edit('log.md', 'a month later');
    await this.#edit('large.txt', 'a month later');
    const now = this.#box?.room.clock.now() ?? 0;
    this.#say({ t: 'prune', before: now - DAY_MS });
    await this.#call('doc.prune', { path: 'office', policy: { allDays: 1, hourlyDays: 1, dailyDays: 1 } });
    await this.#settle();
    const garbage = this.#box?.room.garbage.collect() ?? Promise.resolve(0);
    await this.#patiently('the sweep', garbage);
    await this.#edit('log.md', 'and on');
    await this.#settle();
  }

  /** The disk is well again: the same box goes on, or, if it is in doubt, it is opened from the disk. */
  async recover(): Promise<void> {
    if (!this.#box || this.#inDoubt) {
      await this.#close();
      await this.#open();
    }
    if (!this.#box) return void this.problems.push('it does not open although the disk is well');
    if (rows.workspaces(this.#box.store).length === 0) await this.#workspace();
    let made = await this.#create('after.md', 'works again\n');
    if (!made && this.#inDoubt) {
      // A write of the box's own had met the disk: the daemon ends over it, and starts from the disk.
      await this.#close();
      await this.#open();
      made = await this.#create('after.md', 'works again\n');
    }
    if (!made) this.problems.push('no document can be made although the disk is well');
    const until = performance.now() + MEND_MS;
    for (;;) {
      await this.#patiently('the work beside', this.#box.room.settled());
      const open = rows.openProjections(this.#box.store);
      if (open.length === 0) break;
      if (performance.now() > until) {
        this.problems.push(`a file is not brought up to date: ${JSON.stringify(open[0])}`);
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await this.#close();
  }

  async #open(daysBack = 0): Promise<void> {
    const box = await this.#try('the start', () => openBox(this.#base, { times: TIMES, daysBack }));
    if (!box) return;
    this.#box = box;
    this.#inDoubt = false;
    this.#blobs = await this.#try('the start of the blobs', () => withBlobs(box));
    if (rows.workspaces(box.store).length === 0) await this.#workspace();
  }

  async #workspace(): Promise<void> {
    const root = this.#box!.root;
    if (await this.#call('workspace.add', { name: 'office', root })) this.#say({ t: 'workspace' });
    await this.#settle();
  }

  async #close(): Promise<void> {
    const box = this.#box;
    this.#box = undefined;
    this.#blobs?.stop();
    this.#blobs = undefined;
    // A stop may meet the bad disk; it must leave the folder to the next start all the same.
    if (!box) return;
    await this.#patiently('the stop of the room', box.room.stop()).catch(() => undefined);
    await this.#patiently('the stop of the store', box.store.close()).catch(() => undefined);
  }

  async #settle(): Promise<void> {
    const box = this.#box;
    if (!box) return;
    await this.#patiently('the work beside', box.room.settled());
    for (const { file, version, state } of box.store.all<{ file: string; version: number; state: string }>(
      'SELECT file, v AS version, state FROM doc_projection',
    )) {
      const rel = rows.fileById(box.store, file)?.rel;
      if (rel && state === 'written' && version > 0) this.#say({ t: 'shown', rel, version });
    }
  }

  #create(rel: string, text: string): Promise<boolean> {
    return this.#change(rel, 'doc.create', { path: `office/${rel}`, text });
  }

  async #edit(rel: string, text: string, set = '1'): Promise<void> {
    const file = this.#box && rows.workspaces(this.#box.store).map((w) => rows.fileAt(this.#box!.store, w.id, rel))[0];
    if (!file) return;
    await this.#change(rel, 'doc.edit', { path: file.path, base: file.head, verbs: [{ set, text: [text] }] });
  }

  /** A call that makes a version; notes it with its bytes. */
  async #change(rel: string, operation: string, input: object): Promise<boolean> {
    const output = await this.#call<{ version?: number; versions?: { version: number }[] }>(operation, input);
    const version = output?.version ?? output?.versions?.[0]?.version;
    const file = this.#box && rows.workspaces(this.#box.store).map((w) => rows.fileAt(this.#box!.store, w.id, rel))[0];
    if (version === undefined || !file) return false;
    if (this.#inDoubt) this.problems.push(`${operation} succeeded on a store that is in doubt`);
    const sha256 = await fileDigest(this.#box!, file, version);
    this.#say({ t: 'version', rel, version, sha256, at: this.#box!.room.clock.now() });
    return true;
  }

  async #upload(): Promise<void> {
    const blobs = this.#blobs;
    if (!blobs) return;
    const made = await this.#try('an upload', () => blobs.put([Buffer.from('an upload\n'.repeat(900))]));
    if (!made) return;
    this.#say({ t: 'blob', sha256: made.sha256 });
    await this.#change('added.txt', 'doc.add', { path: 'office/added.txt', sha256: made.sha256 });
  }

  /** A person, whose program got its bytes onto the disk. */
  #save(rel: string, bytes: string | Buffer): void {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.#say({ t: 'saving', rel, sha256, style: 'in place' });
    writeFileSync(join(this.#base, 'share', rel), bytes, { flush: true });
    const folder = openSync(join(this.#base, 'share'), 'r');
    fsyncSync(folder);
    closeSync(folder);
    this.#say({ t: 'saved', rel, sha256 });
  }

  async #call<T>(operation: string, input: object): Promise<T | undefined> {
    const box = this.#box;
    return box && (await this.#try(operation, () => box.call<T>(operation, input)));
  }

  async #patiently<T>(what: string, work: Promise<T>): Promise<T | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        this.problems.push(`${what} does not end`);
        resolve(undefined);
      }, PATIENCE_MS);
    });
    return await Promise.race([work, late]).finally(() => clearTimeout(timer));
  }

  async #try<T>(what: string, fn: () => Promise<T>): Promise<T | undefined> {
    try {
      return await this.#patiently(what, fn());
    } catch (error) {
      if (!isJinguError(error)) this.problems.push(`${what} ended with no error of ours: ${String(error)}`);
      else if (error.code === 'INTERNAL') this.problems.push(`${what} ended as INTERNAL`);
      else if (error.code === 'STORE_FAILED' && this.#box) this.#inDoubt = true;
      return undefined;
    }
  }
}
