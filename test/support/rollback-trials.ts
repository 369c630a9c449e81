import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isJinguError } from '../../src/common/index.ts';
import { stateAt } from '../../src/realdoc/history/state.ts';
import { DocBox } from './doc-box.ts';
import { agentFor, person } from './mini-door.ts';

export interface RollbackReport {
  /** How often each kind of going back was tried. */
  back: Record<string, number>;
  versions: number;
  wrong: string[];
}

type Share = Map<string, string>;

/**
 * Edits, creations, saves, new files and deletions by other programs at random, and in between goings back of a
 * document, a folder, the workspace or a task. The model keeps the whole share at every moment and knows nothing else;
 * after each step the share must be what the model says, and no version may ever read differently than at first.
 */
export async function rollbackTrials(steps: number, seed: number): Promise<RollbackReport> {
  const box = await DocBox.open();
  try {
    return await new Trials(box, seed).run(steps);
  } finally {
    await box.destroy();
  }
}

class Trials {
  readonly #box: DocBox;
  readonly #report: RollbackReport = { back: {}, versions: 0, wrong: [] };
  #state: number;
  #now: Share = new Map();
  readonly #moments: { at: string; share: Share }[] = [];
  /** Digest of every version when it was first seen. */
  readonly #digests = new Map<string, string>();
  #serial = 0;

  constructor(box: DocBox, seed: number) {
    this.#box = box;
    this.#state = seed >>> 0 || 1;
  }

  async run(steps: number): Promise<RollbackReport> {
    for (let i = 0; i < 12; i++) this.#now.set(`f${i % 3}/n${i}.txt`, `first ${i}\nsame\nsame\n`);
    for (const [rel, text] of this.#now) await this.#box.write(rel, text);
    await this.#box.addWorkspace();
    await this.#moment();
    for (let step = 0; step < steps && this.#report.wrong.length === 0; step++) {
      const what = await this.#step();
      await this.#compare(`step ${step}: ${what}`);
      await this.#moment();
    }
    await this.#everyVersion();
    return this.#report;
  }

  #below(n: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % n;
  }

  #any(): string {
    return [...this.#now.keys()].sort()[this.#below(this.#now.size)]!;
  }

  async #step(): Promise<string> {
    const fresh = `text ${this.#serial++}`;
    switch (this.#below(10)) {
      case 0:
      case 1:
      case 2: {
        const rel = this.#any();
        await this.#edit(rel, fresh, person());
        return `edit of ${rel}`;
      }
      case 3: {
        const rel = `f${this.#below(3)}/made${this.#serial}.txt`;
        await this.#box.call('doc.create', { path: `office/${rel}`, text: `${fresh}\n` });
        this.#now.set(rel, `${fresh}\n`);
        return `creation of ${rel}`;
      }
      case 4: {
        const rel = this.#below(3) === 0 ? `f${this.#below(3)}/put${this.#serial}.txt` : this.#any();
        const text = `${fresh}\n${this.#now.get(rel) ?? ''}`;
        await this.#save(rel, text);
        return `save of ${rel}`;
      }
      case 5: {
        if (this.#now.size < 6) return 'nothing';
        const rel = this.#any();
        await rm(join(this.#box.root, rel));
        await this.#scan();
        this.#now.delete(rel);
        return `deletion of ${rel}`;
      }
      case 6:
        return await this.#task(fresh);
      case 7:
        return await this.#undo();
      case 8:
        return await this.#document();
      default:
        return await this.#folder();
    }
  }

  async #edit(rel: string, text: string, who: ReturnType<typeof person>): Promise<void> {
    const path = `office/${rel}`;
    const { version, total } = await this.#box.call<{ version: number; total: number }>('doc.read', { path }, who);
    const line = 1 + this.#below(Math.max(1, total));
    await this.#box.call('doc.edit', { path, base: version, verbs: [{ set: `${line}`, text: [text] }] }, who);
    const lines = this.#now.get(rel)!.split('\n');
    lines[line - 1] = text;
    this.#now.set(rel, lines.join('\n'));
  }

  async #save(rel: string, text: string): Promise<void> {
    await this.#box.room.settled();
    const target = join(this.#box.root, rel);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(`${target}.tmp~`, text);
    await rename(`${target}.tmp~`, target);
    this.#now.set(rel, text);
    // Sometimes nobody has noticed the save yet when the next thing happens.
    if (this.#below(2) === 0) await this.#scan();
  }

  /** A task edits several documents and makes one; then, perhaps after a save on top, all is as before it. */
  async #task(text: string): Promise<string> {
    const before = new Map(this.#now);
    const task = `task_${this.#serial}`;
    const agent = agentFor(task);
    for (let i = 0; i < 3; i++) await this.#edit(this.#any(), `${text} ${i}`, agent);
    const made = `f0/by-task${this.#serial}.txt`;
    await this.#box.call('doc.create', { path: `office/${made}`, text: 'made\n' }, agent);
    this.#now.set(made, 'made\n');
    if (this.#below(2) === 0) {
      await this.#box.call('doc.undo', { task });
      this.#count('task');
    } else {
      await this.#save(this.#any(), 'saved on top of the task\n');
      await this.#box.call('doc.rollback', { path: 'office', to: `before-task:${task}` });
      this.#count('before-task');
    }
    this.#now = before;
    return task;
  }

  async #undo(): Promise<string> {
    const rel = this.#any();
    const before = this.#now.get(rel)!;
    await this.#edit(rel, `to be undone ${this.#serial++}`, person());
    await this.#box.call('doc.undo', { path: `office/${rel}` });
    this.#now.set(rel, before);
    this.#count('edit');
    return `undo in ${rel}`;
  }

  async #document(): Promise<string> {
    const rel = this.#any();
    const file = await this.#box.room.locate(`office/${rel}`);
    const to = 1 + this.#below(file.head);
    const text = this.#box.room.documents.at(file, to).toBuffer().toString();
    const wasThere = stateAt(this.#box.store, file.id, to) === 'live';
    const changed = await this.#back({ path: file.path, to: `v${to}` });
    if (changed && wasThere) this.#now.set(rel, text);
    // As it was at a version that took it away: not there.
    if (changed && !wasThere) this.#now.delete(rel);
    this.#count('document');
    return `rollback of ${rel} to v${to}`;
  }

  async #folder(): Promise<string> {
    const { at, share } = this.#moments[this.#below(this.#moments.length)]!;
    const folder = ['', 'f0/', 'f1/', 'f2/'][this.#below(4)]!;
    await this.#back({ path: folder === '' ? 'office' : `office/${folder}`, to: at });
    for (const rel of this.#now.keys()) if (rel.startsWith(folder)) this.#now.delete(rel);
    for (const [rel, text] of share) if (rel.startsWith(folder)) this.#now.set(rel, text);
    this.#count(folder === '' ? 'workspace' : 'folder');
    return `rollback of ${folder === '' ? 'the workspace' : folder} to ${at}`;
  }

  async #back(input: { path: string; to: string }): Promise<boolean> {
    return await this.#box.call('doc.rollback', input).then(
      () => true,
      (error: unknown) => {
        if (isJinguError(error) && error.code === 'DOC_NO_CHANGE') return false;
        throw error;
      },
    );
  }

  #count(kind: string): void {
    this.#report.back[kind] = (this.#report.back[kind] ?? 0) + 1;
  }

  async #scan(): Promise<void> {
    await this.#box.room.scan(this.#box.room.workspace('office'));
  }

  async #moment(): Promise<void> {
    const began = Date.now();
    while (Date.now() <= began) await new Promise((resolve) => setImmediate(resolve));
    this.#moments.push({ at: new Date().toISOString(), share: new Map(this.#now) });
    const at = Date.now();
    // The clock of a file system is that of the kernel's ticks, some milliseconds behind: a file made now may say earlier.
    const probe = join(this.#box.base, 'probe');
    do await writeFile(probe, '');
    while ((await stat(probe)).mtimeMs <= at + 1);
  }

  async #compare(what: string): Promise<void> {
    await this.#scan();
    await this.#box.room.settled();
    const found = await this.#onShare();
    for (const rel of new Set([...found.keys(), ...this.#now.keys()])) {
      if (found.get(rel) === this.#now.get(rel)) continue;
      const show = (text: string | undefined): string => JSON.stringify(text ?? 'no file');
      this.#report.wrong.push(`${what}: ${rel} is ${show(found.get(rel))}, should be ${show(this.#now.get(rel))}`);
    }
  }

  async #onShare(): Promise<Share> {
    const out: Share = new Map();
    for (const entry of await readdir(this.#box.root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || entry.name.startsWith('.')) continue;
      const path = join(entry.parentPath, entry.name);
      out.set(path.slice(this.#box.root.length + 1), await readFile(path, 'utf8'));
    }
    for (const { id } of this.#box.store.all<{ id: string }>('SELECT id FROM doc_file WHERE head > 0'))
      await this.#remember(id);
    return out;
  }

  /** Digests of the versions that are new, read the way everybody reads. */
  async #remember(id: string): Promise<void> {
    const { fileById } = await import('../../src/realdoc/repository/index.ts');
    const file = fileById(this.#box.store, id)!;
    for (let v = file.head; v > 0 && !this.#digests.has(`${id} ${v}`); v--) {
      this.#digests.set(`${id} ${v}`, sha256(this.#box.room.documents.at(file, v).toBuffer()));
    }
  }

  async #everyVersion(): Promise<void> {
    const { fileById } = await import('../../src/realdoc/repository/index.ts');
    this.#box.room.documents.forgetAll();
    for (const [key, digest] of this.#digests) {
      const [id, v] = key.split(' ') as [string, string];
      const bytes = this.#box.room.documents.at(fileById(this.#box.store, id)!, Number(v)).toBuffer();
      this.#report.versions++;
      if (sha256(bytes) !== digest) this.#report.wrong.push(`${key} reads differently than at first`);
    }
    const { ok } = await this.#box.call<{ ok: boolean }>('doc.verify', { path: 'office', full: true });
    if (!ok) this.#report.wrong.push('the history does not verify');
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
