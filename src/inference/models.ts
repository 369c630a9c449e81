import { type Clock, type Database, fail, type Logger } from '../common/index.ts';
import { STARTER_MODEL } from './catalogue.ts';
import { type EngineSettings, EngineSlot } from './engine-slot.ts';
import type { ModelFiles } from './model-files.ts';
import { catalogueRecords, importedRecord, type ModelRecord, zoneOf } from './model-record.ts';
import type { EngineHost, EventSink } from './ports.ts';
import { files as fileRows, imports, pulls } from './repository.ts';

export type ModelState =
  | 'absent'
  | 'downloading'
  | 'verifying'
  | 'ready'
  | 'altered'
  | 'loading'
  | 'warm'
  | 'quarantined';

export interface ModelView {
  record: ModelRecord;
  state: ModelState;
  /** Why it is altered or set aside, or why the last pull failed. */
  reason: string | null;
  path: string | null;
  downloadedBytes: number | null;
  /** What one sequence holds while it is loaded. */
  contextTokens: number | null;
}

export interface ModelsOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  host: EngineHost;
  events: EventSink;
  files: ModelFiles;
  settings: EngineSettings;
  defaultModel?: string;
  records?: readonly ModelRecord[];
}

/** The one table of models: what is known, what lies on the disk, what is loaded. */
export class Models {
  readonly #o: ModelsOptions;
  readonly #slots = new Map<string, EngineSlot>();
  /** What was loaded last in this run. */
  #latest: string | undefined;

  constructor(options: ModelsOptions) {
    this.#o = options;
  }

  all(): ModelRecord[] {
    const catalogue = this.#o.records ?? catalogueRecords();
    const brought = imports.all(this.#o.db).map(importedRecord);
    return [...catalogue, ...brought.filter((row) => !catalogue.some((entry) => entry.sha256 === row.sha256))];
  }

  /** `undefined` and `auto` mean the default of the box. Throws MODEL_UNKNOWN, or ZONE_UNAVAILABLE outside the box. */
  resolve(id: string | undefined): ModelRecord {
    const zone = zoneOf(id);
    if (zone !== 'box') throw fail('ZONE_UNAVAILABLE', { model: id, zone });
    const all = this.all();
    const wanted =
      id === undefined || id === 'auto' || id === 'box/auto' ? this.#defaultId(all) : id.replace(/^box\//, '');
    const record = all.find((entry) => entry.id === wanted);
    if (!record) throw fail('MODEL_UNKNOWN', { model: wanted });
    return record;
  }

  slot(record: ModelRecord): EngineSlot {
    let slot = this.#slots.get(record.id);
    if (!slot) {
      const { db, clock, log, host, files, settings } = this.#o;
      slot = new EngineSlot({
        db,
        clock,
        log,
        host,
        files,
        record,
        settings,
        onState: (state, reason) => {
          if (state === 'warm') this.#latest = record.id;
          this.announce(record.id, state === 'cold' ? 'ready' : state, reason);
        },
      });
      this.#slots.set(record.id, slot);
    }
    return slot;
  }

  async view(record: ModelRecord): Promise<ModelView> {
    const slot = this.#slots.get(record.id);
    const found = await this.#o.files.find(record);
    const best = found[0];
    const pull = pulls.find(this.#o.db, record.id);
    const view = { record, path: best?.path ?? null, downloadedBytes: null, contextTokens: null, reason: null };
    const aside = this.slot(record).quarantine();
    if (aside) return { ...view, state: 'quarantined', reason: aside.reason };
    if (slot && slot.state !== 'cold') {
      return { ...view, state: slot.state, contextTokens: slot.facts?.contextTokens ?? null };
    }
    if (pull?.state === 'downloading' || pull?.state === 'verifying') {
      return { ...view, state: pull.state, downloadedBytes: pull.bytes };
    }
    if (!best) return { ...view, state: 'absent', reason: pull?.state === 'failed' ? pull.reason : null };
    const known = fileRows.find(this.#o.db, best.path);
    if (best.wrongSize) {
      return { ...view, state: 'altered', reason: `it has ${best.bytes} bytes instead of ${record.bytes}` };
    }
    if (known && known.sha256 !== record.sha256)
      return { ...view, state: 'altered', reason: 'its digest is another one' };
    return { ...view, state: 'ready' };
  }

  /** Tells everybody who watches the box. A state that cannot be written is logged; it is not worth failing for. */
  announce(model: string, state: ModelState, reason?: string): void {
    const data = { model, state, ...(reason === undefined ? {} : { reason }) };
    this.#o.db
      .write((tx) => this.#o.events.emit(tx, 'box', 'model-state', data))
      .catch((error: unknown) => this.#o.log.warn({ model, state, reason: String(error) }, 'model-state-not-told'));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#slots.values()].map((slot) => slot.unload()));
  }

  /**
   * The configured one before all, then one that is loaded, then the one that was (its engine may just have died), then
   * one whose file was found whole before. With none of them, the starter model, which the refusal then names.
   */
  #defaultId(all: readonly ModelRecord[]): string {
    if (this.#o.defaultModel !== undefined) return this.#o.defaultModel;
    const warm = all.find(({ id }) => this.#slots.get(id)?.state === 'warm');
    const latest = all.find(({ id }) => id === this.#latest);
    const isHere = ({ sha256 }: ModelRecord) => fileRows.hasDigest(this.#o.db, sha256);
    return (warm ?? latest ?? all.find(isHere))?.id ?? STARTER_MODEL;
  }
}
