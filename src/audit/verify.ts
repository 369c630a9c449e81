// The offline verifier: no database, nothing of this project, only node:crypto. It is written apart from the log on
// purpose, so that a mistake in one is not repeated by the other. The format is described in README.md of this room.
import { verify } from 'node:crypto';
import {
  canonical,
  Fault,
  type Fields,
  isSigned,
  type Json,
  type Key,
  parseHead,
  parseKey,
  sha256,
} from './verify-format.ts';

export interface Report {
  verdict: 'intact' | 'broken' | 'incomplete';
  origin: string | null;
  /** First record that does not fit, or whose absence shows; null when nothing is broken. */
  firstBad: number | null;
  problems: { seq: number; what: string }[];
  /** Why an intact export is not the whole story. */
  missing: string[];
  from: number;
  to: number;
  root: string | null;
  checkpoints: number;
  /** The size of the newest checkpoint whose signature holds. */
  signedTo: number;
  keys: string[];
  /** True if a key or checkpoint given from outside this export agrees with it. Without one, a forger could have signed. */
  anchored: boolean;
  openIntents: { seq: number; callId: string }[];
  clockMoves: { seq: number; from: number; to: number }[];
}

/** Feed it an export line by line, then call `end`. */
export class ExportVerifier {
  readonly #report: Report = {
    verdict: 'intact',
    origin: null,
    firstBad: null,
    problems: [],
    missing: [],
    from: 0,
    to: 0,
    root: null,
    checkpoints: 0,
    signedTo: 0,
    keys: [],
    anchored: false,
    openIntents: [],
    clockMoves: [],
  };
  #keys: Key[] = [];
  #prev: Buffer = Buffer.alloc(32);
  #peaks: { width: number; hash: Buffer }[] = [];
  #lastTs = Number.NEGATIVE_INFINITY;
  #open = new Map<string, number>();
  #ended = false;
  #stopped = false;
  readonly #witnessed: { size: number; root: string; note: string }[] = [];
  readonly #trusted: readonly string[];

  /** `trusted`: verifier keys, `witnessed`: checkpoint notes, both obtained elsewhere than in the export. */
  constructor(trusted: readonly string[] = [], witnessed: readonly string[] = []) {
    this.#trusted = trusted;
    for (const note of witnessed) {
      const head = parseHead(note);
      if (head) this.#witnessed.push({ ...head, note });
      else this.#bad(0, 'a witnessed checkpoint cannot be read');
    }
  }

  line(text: string): void {
    if (this.#stopped || text === '') return;
    try {
      this.#read(JSON.parse(text) as Fields);
    } catch (error) {
      const fault = error instanceof Fault ? error : new Fault(this.#report.to + 1, 'this line cannot be read', true);
      this.#bad(fault.seq, fault.what);
      // After a broken link every later record would be reported too, so the first is the last.
      this.#stopped = fault.isLast;
    }
  }

  #read(line: Fields): void {
    if (typeof line['audit'] === 'string') this.#header(line);
    else if (this.#report.origin === null) this.#bad(0, 'the export does not begin with its header');
    else if (line['event']) this.#event(line['event'] as Fields, String(line['leaf']));
    else if (line['checkpoint']) this.#checkpoint(String(line['checkpoint']));
    else if (line['end']) this.#ended = (line['end'] as Fields)['to'] === this.#report.to;
    else this.#bad(this.#report.to, 'this line belongs to no export');
  }

  end(): Report {
    const r = this.#report;
    r.root = r.to > 0 ? this.#root() : null;
    r.keys = this.#keys.map((k) => k.text);
    r.openIntents = [...this.#open].map(([callId, seq]) => ({ seq, callId }));
    for (const w of this.#witnessed) {
      if (w.size > r.to) this.#bad(r.to + 1, `cut short: a witness saw ${w.size} records`);
      else if (w.size < r.from) r.missing.push(`the witnessed checkpoint of ${w.size} lies before this export`);
    }
    if (this.#keys.some((k) => this.#trusted.includes(k.text))) r.anchored = true;
    else if (this.#trusted.length > 0) this.#bad(0, 'no key of this log is the trusted one');
    if (r.origin === null) r.missing.push('nothing was read');
    else if (!this.#ended) r.missing.push('the last line is missing');
    if (r.from > 1) r.missing.push(`it begins at record ${r.from}`);
    if (r.signedTo < r.to) r.missing.push(`${r.to - r.signedTo} records after the last checkpoint are unsigned`);
    if (r.openIntents.length > 0) r.missing.push(`${r.openIntents.length} effects have no recorded outcome`);
    r.verdict = r.problems.length > 0 ? 'broken' : r.missing.length > 0 ? 'incomplete' : 'intact';
    return r;
  }

  /** Begins an export, or continues one: parts written one after another verify as a whole. */
  #header(h: Fields): void {
    const r = this.#report;
    const from = Number(h['from']);
    const prev = Buffer.from(String(h['prev']), 'base64');
    const range = ((h['range'] as Json[]) ?? []).map((p) => Buffer.from(String(p), 'base64'));
    if (h['audit'] !== 'jingu-audit/1') throw new Fault(0, `unknown format ${String(h['audit'])}`, true);
    if (r.origin !== null) {
      const same = r.origin === h['origin'] && from === r.to + 1 && prev.equals(this.#prev);
      const peaks = range.length === this.#peaks.length && range.every((p, i) => p.equals(this.#peaks[i]!.hash));
      if (!same || !peaks) throw new Fault(r.to + 1, 'the parts of this export do not join', true);
      return;
    }
    r.origin = String(h['origin']);
    r.from = from;
    r.to = from - 1;
    this.#prev = prev;
    let rest = from - 1;
    for (const hash of range) {
      const width = 2 ** Math.floor(Math.log2(rest));
      this.#peaks.push({ width, hash });
      rest -= width;
    }
    const sound = Number.isSafeInteger(from) && from >= 1 && rest === 0 && prev.length === 32;
    if (!sound || (from === 1 && !prev.equals(Buffer.alloc(32))))
      throw new Fault(from, 'the header is not sound', true);
    if (from > 1) for (const k of (h['keys'] as Fields[]) ?? []) this.#addKey(Number(k['seq']), k);
  }

  #event(e: Fields, leafText: string): void {
    const r = this.#report;
    const expected = r.to + 1;
    if (e['seq'] !== expected)
      throw new Fault(expected, `record ${String(e['seq'])} stands where ${expected} belongs`, true);
    const { body, ts, type } = e;
    const isWhole = Object.keys(e).sort().join() === 'actor,body,policyHash,seq,ts,type';
    if (!isWhole || typeof ts !== 'number') throw new Fault(expected, 'the record cannot be read', true);
    const text = canonical(e);
    const leaf = sha256(Buffer.from([0]), this.#prev, Buffer.from(text, 'utf8'));
    if (leaf.toString('base64') !== leafText) throw new Fault(expected, 'the record was changed', true);
    r.to = expected;
    this.#ended = false;
    this.#prev = leaf;
    this.#grow(leaf);
    this.#meaning(expected, ts, String(type), (body ?? {}) as Fields);
    for (const w of this.#witnessed)
      if (w.size === expected) this.#compare(w.note, w.root, 'a witness saw another log');
  }

  /** What a record says about the others: keys, time order, effects and their outcomes. */
  #meaning(seq: number, ts: number, type: string, body: Fields): void {
    const r = this.#report;
    const callId = String(body['callId']);
    if (seq === 1 && type !== 'audit-key') this.#bad(seq, 'the log does not begin with its key');
    if (type === 'audit-key') this.#addKey(seq, body);
    if (type === 'clock-moved' && body['from'] === this.#lastTs)
      r.clockMoves.push({ seq, from: Number(body['from']), to: Number(body['to']) });
    else if (ts < this.#lastTs) this.#bad(seq, 'time runs backwards');
    this.#lastTs = ts;
    if (type === 'intent') this.#open.set(callId, seq);
    if (type === 'outcome' && !this.#open.delete(callId) && r.from === 1) this.#bad(seq, 'an outcome without intent');
  }

  #addKey(seq: number, body: Fields): void {
    const previous = this.#keys.at(-1);
    const key = parseKey(seq, String(body['verifier']));
    if (!key || key.name !== this.#report.origin) throw new Fault(seq, 'this audit key cannot be read');
    if ((body['previous'] ?? null) !== (previous?.text ?? null))
      throw new Fault(seq, 'this key follows an unknown one');
    const text = Buffer.from(`jingu-audit-key/1\n${previous?.text ?? '-'}\n${key.text}\n`, 'utf8');
    if (!verify(null, text, (previous ?? key).key, Buffer.from(String(body['signature']), 'base64'))) {
      throw new Fault(seq, 'this key was not handed over by the one before it');
    }
    this.#keys.push(key);
  }

  #checkpoint(note: string): void {
    const head = parseHead(note);
    if (!head || head.size !== this.#report.to)
      throw new Fault(this.#report.to, 'this checkpoint does not belong here');
    if (this.#compare(note, head.root, 'the signed checkpoint has another root')) {
      this.#report.checkpoints++;
      this.#report.signedTo = head.size;
    }
  }

  #compare(note: string, root: string, what: string): boolean {
    const size = this.#report.to;
    const key = this.#keys.findLast((k) => k.seq <= size);
    const isWitness = what.startsWith('a witness');
    if (!key || !isSigned(note, this.#report.origin!, key)) {
      this.#bad(size, `${isWitness ? 'the witnessed' : 'this'} checkpoint is not signed by the key of this log`);
      return false;
    }
    if (root !== this.#root()) {
      this.#bad(size, what);
      return false;
    }
    if (isWitness) this.#report.anchored = true;
    return true;
  }

  #grow(leaf: Buffer): void {
    let top = { width: 1, hash: leaf };
    while (this.#peaks.at(-1)?.width === top.width) {
      const left = this.#peaks.pop()!;
      top = { width: left.width * 2, hash: sha256(Buffer.from([1]), left.hash, top.hash) };
    }
    this.#peaks.push(top);
  }

  #root(): string {
    const join = (right: Buffer, left: Buffer) => sha256(Buffer.from([1]), left, right);
    const hashes = this.#peaks.map((p) => p.hash).reverse();
    return hashes.length === 0 ? '' : hashes.reduce(join).toString('base64');
  }

  #bad(seq: number, what: string): void {
    this.#report.firstBad ??= seq;
    this.#report.problems.push({ seq, what });
  }
}
