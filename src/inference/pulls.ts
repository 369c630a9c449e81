import { type Clock, type Database, fail, isJinguError, type Logger, type Tx } from '../common/index.ts';
import { type ModelSource, sourceUrl } from './catalogue.ts';
import type { ModelFiles } from './model-files.ts';
import type { ModelRecord } from './model-record.ts';
import { modelPath, PartFile } from './part-file.ts';
import type { EventSink, Outbound } from './ports.ts';
import { type PullRow, pulls } from './repository.ts';

export interface PullsOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  events: EventSink;
  files: ModelFiles;
  directory: string;
  outbound: Outbound | undefined;
  /** The record of a model, when a pull is taken up again after a start. */
  recordOf(id: string): ModelRecord | undefined;
}

/** Bytes between two syncs: what a power cut may cost. */
const SYNC_BYTES = 32 * 1024 * 1024;
const TELL_MS = 1000;

/**
 * Fetches models in the background, one at a time. The request is a row in the database, so a restart goes on where
 * the last synced byte was. Sources are tried in order; whatever they send, only the right digest gets a name.
 */
export class Pulls {
  readonly #o: PullsOptions;
  readonly #abort = new AbortController();
  #queue: Promise<void> = Promise.resolve();
  readonly #active = new Set<string>();

  constructor(options: PullsOptions) {
    this.#o = options;
  }

  /** Takes unfinished pulls up again. */
  start(): void {
    for (const row of pulls.unfinished(this.#o.db)) {
      const record = this.#o.recordOf(row.model);
      if (record) this.#enqueue(record);
    }
  }

  /** Ends what runs and leaves its part for the next start. Harmless when called twice. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#queue;
  }

  /** Resolves when nothing is being fetched any more. */
  settled(): Promise<void> {
    return this.#queue;
  }

  /** Throws MODEL_PULL_FAILED when there is no way out or no source; nothing is written then. */
  check(record: ModelRecord): void {
    if (!this.#o.outbound)
      throw fail('MODEL_PULL_FAILED', { model: record.id, reason: 'the box may not reach any source' });
    if (record.sources.length === 0) throw fail('MODEL_PULL_FAILED', { model: record.id, reason: 'it has no source' });
  }

  /** Within a transaction: asks for a model. The fetch begins after the commit; asking twice changes nothing. */
  request(tx: Tx, record: ModelRecord, by: string | null): PullRow {
    this.check(record);
    const before = pulls.find(tx, record.id);
    if (before && this.#active.has(record.id)) return before;
    const row: PullRow = {
      model: record.id,
      state: 'downloading',
      bytes: before?.state === 'done' ? 0 : (before?.bytes ?? 0),
      source: null,
      reason: null,
      requested_at: this.#o.clock.now(),
      requested_by: by,
    };
    pulls.put(tx, row);
    this.#active.add(record.id);
    tx.afterCommit(() => this.#enqueue(record));
    return row;
  }

  #enqueue(record: ModelRecord): void {
    this.#active.add(record.id);
    this.#queue = this.#queue
      .then(() => (this.#abort.signal.aborted ? undefined : this.#pull(record)))
      .catch((error: unknown) => this.#o.log.error({ model: record.id, reason: String(error) }, 'pull-failed'))
      .finally(() => this.#active.delete(record.id));
  }

  async #pull(record: ModelRecord): Promise<void> {
    const reasons: string[] = [];
    for (const source of record.sources) {
      try {
        await this.#from(record, source);
        await this.#set(record, { state: 'done', bytes: record.bytes, reason: null, source: source.hub });
        this.#o.log.info({ model: record.id, source: source.hub }, 'model-pulled');
        return;
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        const reason = isJinguError(error) ? error.message : error instanceof Error ? error.message : String(error);
        reasons.push(`${source.hub}: ${reason}`);
        this.#o.log.warn({ model: record.id, source: source.hub, reason }, 'pull-source-failed');
      }
    }
    await this.#set(record, { state: 'failed', reason: reasons.join('; ').slice(0, 500) });
  }

  /** Bytes of an earlier source may have been wrong: then this one gets a second chance from the first byte on. */
  async #from(record: ModelRecord, source: ModelSource): Promise<void> {
    const resumed = await this.#attempt(record, source);
    if (resumed === 'named' || (resumed === 'resumed' && (await this.#attempt(record, source)) === 'named')) return;
    throw fail('MODEL_ALTERED', { model: record.id, reason: 'its digest is another one' });
  }

  /** `named`: it has its name. Otherwise the digest was wrong, and whether bytes of an earlier try were among them. */
  async #attempt(record: ModelRecord, source: ModelSource): Promise<'named' | 'resumed' | 'fresh'> {
    const target = modelPath(this.#o.directory, record.file);
    const journalled = pulls.find(this.#o.db, record.id)?.bytes ?? 0;
    const part = await PartFile.open(target, Math.min(journalled, record.bytes));
    const start = part.length > 0 ? 'resumed' : 'fresh';
    let ended = false;
    try {
      if (part.length < record.bytes) await this.#download(record, source, part);
      await this.#set(record, { state: 'verifying', bytes: part.length });
      const sha256 = await this.#o.files.digest(part.path);
      ended = true;
      if (sha256 !== record.sha256) {
        await part.discard();
        await this.#set(record, { state: 'downloading', bytes: 0 });
        return start;
      }
      await part.finish();
      await this.#o.files.name(part.path, target, sha256);
      return 'named';
    } finally {
      if (!ended) await part.close();
    }
  }

  async #download(record: ModelRecord, source: ModelSource, part: PartFile): Promise<void> {
    const from = part.length;
    const { signal } = this.#abort;
    const answer = await this.#o.outbound!.open(
      { url: sourceUrl(source), class: 'model-pull', ...(from > 0 ? { range: { from } } : {}) },
      signal,
    );
    // A server that does not honour the range sends the whole file (RFC 9110 section 14.2).
    if (answer.status === 200) await part.restart();
    else if (answer.status !== 206 || !startsAt(answer.headers['content-range'], from)) {
      throw new Error(`it answered with status ${answer.status}`);
    }
    try {
      await this.#receive(record, source, part, answer.body);
    } finally {
      // Whatever ended it, what arrived is kept.
      await part.sync();
      await this.#set(record, { state: 'downloading', bytes: part.length, source: source.hub });
    }
    if (part.length !== record.bytes) throw new Error(`it ended after ${part.length} of ${record.bytes} bytes`);
  }

  async #receive(
    record: ModelRecord,
    source: ModelSource,
    part: PartFile,
    body: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    let synced = part.length;
    let told = 0;
    for await (const bytes of body) {
      if (this.#abort.signal.aborted) throw fail('CANCELLED');
      if (part.length + bytes.length > record.bytes) throw new Error('it sent more bytes than the model has');
      await part.append(bytes);
      if (part.length - synced < SYNC_BYTES) continue;
      await part.sync();
      synced = part.length;
      const now = this.#o.clock.monotonic();
      await this.#set(record, { state: 'downloading', bytes: synced, source: source.hub }, now - told >= TELL_MS);
      if (now - told >= TELL_MS) told = now;
    }
  }

  async #set(record: ModelRecord, change: Partial<PullRow>, tell = true): Promise<void> {
    await this.#o.db.write((tx) => {
      const row = pulls.find(tx, record.id);
      if (!row) return;
      const next = { ...row, ...change };
      pulls.put(tx, next);
      if (!tell) return;
      const { model, state, bytes, reason } = next;
      const data = { model, state, bytes, totalBytes: record.bytes, ...(reason === null ? {} : { reason }) };
      this.#o.events.emit(tx, 'box', 'pull-progress', data);
    });
  }
}

function startsAt(contentRange: string | undefined, from: number): boolean {
  return contentRange?.startsWith(`bytes ${from}-`) ?? false;
}
