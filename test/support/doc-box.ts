import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type Clock, silentLogger, systemClock } from '../../src/common/index.ts';
import type { Caller, InvokeResult } from '../../src/protocol/index.ts';
import { RealDoc, type RealDocOptions, realdocMigrations, realdocOperations } from '../../src/realdoc/index.ts';
import { Store } from '../../src/store/index.ts';
import { MiniDoor, person } from './mini-door.ts';

export interface DocBoxOptions
  extends Partial<
    Pick<
      RealDocOptions,
      'watch' | 'scanEveryMs' | 'packing' | 'historyBytes' | 'kernel' | 'shareFacts' | 'checkSyntax' | 'parser'
    >
  > {
  /** Where everything lies; kept between boxes of one test by the test itself. */
  base?: string;
  clock?: Clock;
  root?: string;
}

/** The documents room over a real store, real files and the small door. */
export class DocBox {
  readonly base: string;
  readonly root: string;
  readonly store: Store;
  readonly door: MiniDoor;
  readonly room: RealDoc;

  constructor(options: DocBoxOptions = {}) {
    this.base = options.base ?? mkdtempSync(join(tmpdir(), 'jingu-doc-'));
    const shares = process.env['JINGU_TEST_SHARES'];
    this.root = options.root ?? (shares ? join(shares, basename(this.base)) : join(this.base, 'share'));
    mkdirSync(this.root, { recursive: true });
    const dataDirectory = join(this.base, 'data');
    this.store = new Store({ directory: dataDirectory, migrations: realdocMigrations, log: silentLogger });
    this.door = new MiniDoor(this.store, options.clock);
    this.room = new RealDoc({
      db: this.store,
      clock: options.clock ?? systemClock,
      log: silentLogger,
      invoke: this.door.invoke,
      dataDirectory,
      watch: options.watch ?? false,
      ...(options.packing ? { packing: options.packing } : {}),
      ...(options.historyBytes ? { historyBytes: options.historyBytes } : {}),
      ...(options.scanEveryMs === undefined ? {} : { scanEveryMs: options.scanEveryMs }),
      ...(options.parser === undefined ? {} : { parser: options.parser }),
      ...(options.kernel === undefined ? {} : { kernel: options.kernel }),
      ...(options.shareFacts === undefined ? {} : { shareFacts: options.shareFacts }),
      ...(options.checkSyntax === undefined ? {} : { checkSyntax: options.checkSyntax }),
    });
    this.door.register(realdocOperations(this.room));
  }

  static async open(options: DocBoxOptions = {}): Promise<DocBox> {
    const box = new DocBox(options);
    await box.room.start();
    return box;
  }

  async addWorkspace(name = 'office'): Promise<void> {
    await this.call('workspace.add', { name, root: this.root });
    await this.room.settled();
  }

  async call<T = Record<string, unknown>>(operation: string, input: unknown, caller: Caller = person()): Promise<T> {
    return (await this.invoke(operation, input, caller)).output as T;
  }

  invoke(operation: string, input: unknown, caller: Caller = person(), dryRun = false): Promise<InvokeResult> {
    return this.door.invoke(caller, { operation, input, idempotencyKey: 'test', ...(dryRun ? { dryRun } : {}) });
  }

  /** The text of a version, exactly, through the public read (texts of tests are short). */
  async text(path: string, at?: string): Promise<string> {
    const { lines } = await this.call<{ lines: { text: string }[] }>('doc.read', { path, ...(at ? { at } : {}) });
    return lines.map((line) => line.text).join('\n');
  }

  async write(rel: string, content: string | Uint8Array): Promise<void> {
    mkdirSync(dirname(join(this.root, rel)), { recursive: true });
    await writeFile(join(this.root, rel), content);
  }

  async file(rel: string): Promise<string> {
    await this.room.settled();
    return readFile(join(this.root, rel), 'utf8');
  }

  async close(): Promise<void> {
    await this.room.stop();
    await this.store.close();
  }

  async destroy(): Promise<void> {
    await this.close();
    rmSync(this.base, { recursive: true, force: true });
    if (process.env['JINGU_TEST_SHARES']) rmSync(this.root, { recursive: true, force: true });
  }
}
