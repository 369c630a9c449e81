import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { fail } from '../common/index.ts';

/** One line of the ledger. Numbers of bytes are those on the TCP connection, TLS included. */
export interface LedgerRecord {
  seq: number;
  at: number;
  /** `dial` is durable before the first packet leaves; `end` closes it; `refused` never left. */
  kind: 'dial' | 'end' | 'refused';
  ticket: string;
  decisionId: string;
  class: string;
  actor: string | null;
  taskId: string | null;
  method: string;
  host: string;
  port: number;
  /** Without the query, which may hold the delivery host's own signature; `requestHash` covers it. */
  path: string;
  requestHash: string;
  address: string | null;
  status: number | null;
  bytesOut: number;
  bytesIn: number;
  bodyBytes: number;
  /** `ok`, an error code, or `unknown` when the guest ended in between. */
  outcome: string | null;
}

const PAGE = 500;
/** Each write is on the disk when it returns; by a flag, since Node's permission model takes `fdatasync` away. */
const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_DSYNC;

/**
 * The append-only file that egress keeps for itself, since it has no database: NDJSON, first line the ledger's own id.
 * Every record is on the disk before what it records happens. A dial without an end, left by a crash, is closed as
 * `unknown` at the next start. A line cut by a crash is dropped: its dial had not been allowed yet.
 */
export class Ledger {
  readonly #path: string;
  #fd: number | undefined;
  #id = '';
  #records: LedgerRecord[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  get id(): string {
    return this.#id;
  }

  open(now: number): void {
    try {
      this.#fd = openSync(this.#path, FLAGS, 0o600);
      const lines = readFileSync(this.#path, 'utf8').split('\n');
      const cut = lines.pop() ?? '';
      if (cut !== '') writeSync(this.#fd, '\n');
      const known = lines.map(parse);
      this.#id = known.find((line) => line?.ledger !== undefined)?.ledger ?? '';
      if (this.#id === '') {
        this.#id = randomBytes(8).toString('hex');
        writeSync(this.#fd, `${JSON.stringify({ ledger: this.#id, since: now })}\n`);
      }
      this.#records = known.filter((line): line is LedgerRecord => line?.seq !== undefined);
    } catch (error) {
      throw ledgerError(error);
    }
    this.#closeOpenDials(now);
  }

  /** Numbers, stamps and stores a record. Throws EGRESS_LEDGER_FAILED, and then nothing may leave. */
  append(now: number, fields: Omit<LedgerRecord, 'seq' | 'at'>): LedgerRecord {
    const record: LedgerRecord = { seq: (this.#records.at(-1)?.seq ?? 0) + 1, at: now, ...fields };
    try {
      if (this.#fd === undefined) throw new Error('it is closed');
      writeSync(this.#fd, `${JSON.stringify(record)}\n`);
    } catch (error) {
      throw ledgerError(error);
    }
    this.#records.push(record);
    // The file keeps all; memory keeps what the core may still ask for.
    if (this.#records.length > 4 * PAGE) this.#records = this.#records.slice(-2 * PAGE);
    return record;
  }

  /** Records after `seq` in order, at most a page of them; from the file when memory no longer has them. */
  after(seq: number): LedgerRecord[] {
    const first = this.#records[0]?.seq ?? 1;
    const source = seq + 1 >= first ? this.#records : this.#readAll();
    return source.filter((record) => record.seq > seq).slice(0, PAGE);
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #readAll(): LedgerRecord[] {
    const lines = readFileSync(this.#path, 'utf8').split('\n').map(parse);
    return lines.filter((line): line is LedgerRecord => line?.seq !== undefined);
  }

  #closeOpenDials(now: number): void {
    const open = new Map<string, LedgerRecord>();
    for (const record of this.#records) {
      if (record.kind === 'dial') open.set(record.ticket, record);
      if (record.kind === 'end') open.delete(record.ticket);
    }
    for (const { seq: _seq, at: _at, ...dial } of open.values()) {
      this.append(now, { ...dial, kind: 'end', outcome: 'unknown' });
    }
  }
}

/** The guest's own file: a line is its head, a record, or cut. */
function parse(line: string): (Partial<LedgerRecord> & { ledger?: string }) | undefined {
  try {
    return JSON.parse(line) ?? undefined;
  } catch {
    return undefined;
  }
}

function ledgerError(cause: unknown): Error {
  return fail('EGRESS_LEDGER_FAILED', { reason: cause instanceof Error ? cause.message : String(cause) }, cause);
}
