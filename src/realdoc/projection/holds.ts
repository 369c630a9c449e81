import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../common/index.ts';
import type { FileRow } from '../rows.ts';
import type { Folder } from './folder.ts';
import { hasWriter } from './has-writer.ts';
import type { Kernel } from './kernel.ts';
import { ownerFilesOf, ownerOf } from './owner-files.ts';
import { onDisk } from './paths.ts';
import type { OpenFile, ShareFacts } from './share-facts.ts';
import { bigStatOf } from './stat.ts';

/** Programs that were killed leave their owner files behind; after a day such a file alone proves nothing. */
const STALE_MS = 24 * 3600 * 1000;

export interface HoldsOptions {
  clock: Clock;
  kernel: () => Promise<Kernel | undefined>;
  facts: ShareFacts;
}

/**
 * Says whether somebody has a document open in a way that our writing would hurt. Texts are never held: their programs
 * notice and their changes merge. Office programs keep the whole file in memory and write it back over anything.
 */
export class Holds {
  readonly #o: HoldsOptions;

  constructor(options: HoldsOptions) {
    this.#o = options;
  }

  /** Why the file must wait, with who has it open as far as that can be known; `undefined` if it need not. */
  async why(file: FileRow, folder: Folder, name: string): Promise<string | undefined> {
    if (file.kind === 'text') return undefined;
    const path = join(file.root, onDisk(file));
    const open = (await this.#o.facts.openFiles()).filter((o) => o.path === path);
    const isInUse = open.length > 0 || (await hasWriter(await this.#o.kernel(), folder, name, file.path));
    for (const owner of ownerFilesOf(name)) {
      const stat = await bigStatOf(folder.at(owner));
      if (!stat?.isFile()) continue;
      const age = this.#o.clock.now() - Number(stat.mtimeMs);
      if (age > STALE_MS && !isInUse) continue;
      const bytes = await readFile(folder.at(owner)).catch(() => Buffer.alloc(0));
      return `open elsewhere (${ownerOf(owner, bytes) ?? whoOf(open) ?? owner})`;
    }
    if (!isInUse) return undefined;
    return `open elsewhere (${whoOf(open) ?? 'a program on this machine'})`;
  }
}

function whoOf(open: readonly OpenFile[]): string | undefined {
  return open.find((o) => o.who !== '')?.who;
}
