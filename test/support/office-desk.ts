import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJinguError, silentLogger, systemClock } from '../../src/common/index.ts';
import { Supervisor } from '../../src/guest/index.ts';
import { Parser } from '../../src/realdoc/index.ts';
import type { KindName, Part, ViewLine } from '../../src/realdoc/office/kind.ts';
import { OFFICE_KINDS } from '../../src/realdoc/office/kinds.ts';
import { DocBox } from './doc-box.ts';
import { readPlainZip } from './plain-zip.ts';

export interface Refused {
  code: string;
  /** What stands in the way, for DOC_UNSAFE_SPAN. */
  what: string;
}

/** The documents room with its real parse guest, over files on a share. */
export class OfficeDesk {
  readonly #supervisor: Supervisor;
  readonly #parser: Parser;
  readonly #box: DocBox;

  private constructor(supervisor: Supervisor, parser: Parser, box: DocBox) {
    this.#supervisor = supervisor;
    this.#parser = parser;
    this.#box = box;
  }

  static async open(files: ReadonlyMap<string, Buffer>): Promise<OfficeDesk> {
    const supervisor = new Supervisor({ clock: systemClock, log: silentLogger });
    const parser = new Parser({ supervisor, log: silentLogger });
    parser.start();
    const box = await DocBox.open({ parser });
    for (const [name, content] of files) await box.write(name, content);
    await box.addWorkspace();
    return new OfficeDesk(supervisor, parser, box);
  }

  async close(): Promise<void> {
    await this.#box.destroy();
    await this.#parser.stop();
    await this.#supervisor.stop();
  }

  /** All lines of the document (`undefined` for one too long to be shown whole), or why it cannot be read as lines. */
  async lines(name: string): Promise<{ version: number; lines: (string | undefined)[] } | Refused> {
    const lines: (string | undefined)[] = [];
    let version = 0;
    try {
      for (let from = 1; ; ) {
        const read = await this.#box.call<{
          version: number;
          total: number;
          lines: { n: number; text: string; cut?: boolean }[];
        }>('doc.read', { path: `office/${name}`, from, to: from + 1999 });
        version = read.version;
        lines.push(...read.lines.map((line) => (line.cut ? undefined : line.text)));
        from = (read.lines.at(-1)?.n ?? read.total) + 1;
        if (from > read.total) return { version, lines };
      }
    } catch (error) {
      return refusalOf(error);
    }
  }

  async edit(name: string, base: number, verb: object): Promise<Refused | undefined> {
    try {
      await this.#box.call('doc.edit', { path: `office/${name}`, base, verbs: [verb] });
      return undefined;
    } catch (error) {
      return refusalOf(error);
    }
  }

  /** What the last version changed, cell by cell. */
  async cells(name: string): Promise<{ address: string; from: string | null; to: string | null }[]> {
    const { cells } = await this.#box.call<{ cells?: { address: string; from: string | null; to: string | null }[] }>(
      'doc.diff',
      { path: `office/${name}` },
    );
    return cells ?? [];
  }

  async undo(name: string): Promise<void> {
    await this.#box.call('doc.undo', { path: `office/${name}` });
  }

  /** The file on the share, after everything that is to be written was written. */
  async file(name: string): Promise<Buffer> {
    await this.#box.room.settled();
    return readFileSync(join(this.#box.root, name));
  }
}

function refusalOf(error: unknown): Refused {
  if (!isJinguError(error)) throw error;
  return { code: error.code, what: String(error.details['what'] ?? error.details['reason'] ?? error.message) };
}

/** The view as the format makes it: says where the address of a line ends. */
export function viewOf(file: Buffer, kind: KindName): ViewLine[] {
  const parts: Part[] = readPlainZip(file).flatMap((entry) =>
    /\.(?:xml|rels|vml)$/i.test(entry.name) ? [{ name: entry.name, bytes: entry.content() }] : [],
  );
  return OFFICE_KINDS[kind]!.view(parts);
}
