import { hash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ConsoleError, type LiveBox } from '../support/live-box.ts';
import { letter, sheet } from './office-files.ts';

/** What no caller should ever be told. */
const FAULTS = ['INTERNAL', 'STORE_FAILED', 'DOC_CORRUPT'];

interface Made {
  version: number;
}

/** People and programs that use a real daemon at the same time, until it is killed under them; they note its answers. */
export class DoorCallers {
  /** What was answered and saved, as `answersOf` reads it. */
  readonly lines: string[] = [];
  readonly problems: string[] = [];
  answered = 0;
  readonly #box: LiveBox;
  readonly #root: string;
  readonly #random: () => number;
  /** Saves that no box has surely seen yet: nobody saves over them. */
  readonly #unseen = new Set<string>();
  #enough: () => void = () => undefined;
  #wanted = 0;
  #count = 0;

  constructor(box: LiveBox, root: string, random: () => number) {
    this.#box = box;
    this.#root = root;
    this.#random = random;
  }

  /** `enough` resolves after so many answers; `ended` once the daemon is gone and all have noticed. */
  work(answers: number): { enough: Promise<void>; ended: Promise<void> } {
    this.#wanted = answers;
    this.#count = 0;
    const enough = new Promise<void>((resolve) => {
      this.#enough = resolve;
    });
    const lanes = [
      () => this.#edit(this.#pick('a.md', 'b.md')),
      () => this.#edit(this.#pick('letter.docx', 'list.xlsx', 'b.md')),
      () => this.#person(this.#pick('a.md', 'letter.docx', 'saved.md')),
    ];
    const ended = (async () => {
      if (!(await this.#begin())) return;
      await Promise.all(lanes.map((step) => this.#untilGone(step)));
    })();
    return { enough, ended };
  }

  /** False when the daemon went away meanwhile. */
  async #begin(): Promise<boolean> {
    return await this.#alive(async () => {
      if (!this.lines.some((line) => line.includes('"workspace"'))) {
        const { workspaces } = await this.#box.run<{ workspaces: unknown[] }>('workspace.list');
        if (workspaces.length === 0) await this.#box.run('workspace.add', { name: 'office', root: this.#root });
        this.#note({ t: 'workspace' });
      }
      for (const rel of [...this.#unseen]) await this.#typed(() => this.#takeIn(rel));
      for (const rel of ['a.md', 'b.md']) {
        if (existsSync(join(this.#root, rel))) continue;
        const text = Array.from({ length: 30 }, (_, i) => `line ${i}\n`).join('');
        await this.#typed(async () => {
          const made = await this.#box.run<Made>('doc.create', { path: `office/${rel}`, text });
          await this.#made(rel, made.version);
        });
      }
      for (const rel of ['letter.docx', 'list.xlsx', 'saved.md']) {
        if (!existsSync(join(this.#root, rel))) await this.#typed(() => this.#person(rel));
      }
    });
  }

  async #untilGone(step: () => Promise<void>): Promise<void> {
    while (await this.#alive(() => this.#typed(step)));
  }

  /** False if the daemon is gone. */
  async #alive(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      // An answer cut short is no answer.
      const { code } = error as { code?: string };
      if (error instanceof SyntaxError || ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE'].includes(code ?? ''))
        return false;
      throw error;
    }
  }

  async #typed(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ConsoleError)) throw error;
      if (FAULTS.includes(error.wire.code)) this.problems.push(error.message);
    }
  }

  async #edit(rel: string): Promise<void> {
    const path = `office/${rel}`;
    const { version, total } = await this.#box.run<Made & { total: number }>('doc.read', { path, from: 1, to: 1 });
    const luck = this.#random();
    if (luck < 0.1 && version > 1) {
      const { versions } = await this.#box.run<{ versions: Made[] }>('doc.undo', { path });
      return await this.#made(rel, versions[0]!.version);
    }
    if (luck < 0.15 && version > 2) {
      const to = `v${1 + (Math.floor(luck * 997) % (version - 1))}`;
      return await this.#made(rel, (await this.#box.run<Made>('doc.rollback', { path, to })).version);
    }
    const line = 1 + (Math.floor(luck * 977) % total);
    const set = rel.endsWith('.xlsx') ? `Sheet1!B${1 + (line % 3)}` : `${line}`;
    const text = [rel.endsWith('.xlsx') ? `${Math.floor(luck * 1e6)}` : `edited ${luck} ${'x'.repeat(luck * 80)}`];
    const verbs = [{ set, text }];
    await this.#made(rel, (await this.#box.run<Made>('doc.edit', { path, base: version, verbs })).version);
  }

  /** The version is answered; then its bytes are asked for, if the daemon lives so long. */
  async #made(rel: string, version: number): Promise<void> {
    this.#note({ t: 'version', rel, version, sha256: '' });
    const { sha256 } = await this.#box.run<{ sha256: string }>('doc.download', {
      path: `office/${rel}`,
      at: `v${version}`,
    });
    this.#note({ t: 'version', rel, version, sha256 });
  }

  /** Saves durably, and waits until the box has seen it. */
  async #person(rel: string): Promise<void> {
    if (this.#unseen.has(rel)) return await this.#takeIn(rel);
    const words = [`saved ${this.#random()}`, 'x'.repeat(this.#random() * 3000), 'end'];
    const bytes = rel.endsWith('.docx')
      ? letter(words)
      : rel.endsWith('.xlsx')
        ? sheet([this.#random(), 2, 3])
        : Buffer.from(words.join('\n'));
    const style = this.#random() < 0.5 ? 'by rename' : 'in place';
    const sha256 = hash('sha256', bytes);
    this.#unseen.add(rel);
    this.#say({ t: 'saving', rel, sha256, style });
    const target = join(this.#root, rel);
    const at = style === 'by rename' ? join(this.#root, `.${rel}.saving`) : target;
    const file = openSync(at, 'w');
    writeSync(file, bytes);
    fsyncSync(file);
    closeSync(file);
    if (at !== target) renameSync(at, target);
    this.#note({ t: 'saved', rel, sha256 });
    await this.#takeIn(rel);
  }

  async #takeIn(rel: string): Promise<void> {
    await this.#box.run('doc.import', { path: `office/${rel}` });
    this.#unseen.delete(rel);
  }

  #pick(...names: string[]): string {
    return names[Math.floor(this.#random() * names.length)]!;
  }

  #note(answer: object): void {
    this.#say(answer);
    this.answered++;
    if (++this.#count >= this.#wanted) this.#enough();
  }

  #say(line: object): void {
    this.lines.push(JSON.stringify(line));
  }
}
