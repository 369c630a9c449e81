import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import BetterSqlite from 'better-sqlite3';
import { after0, Bytes, base32, canonical, newlinesIn, sha256, signed } from './spec-bytes.ts';
import { apply, changeOf, plainOf, type Splice } from './spec-change.ts';

/** Reads histories by `docs/reference/storage-format.md` and nothing else: it shares no code with the box. */
export class SpecReader {
  readonly #db: BetterSqlite.Database;
  readonly #folder: string;

  constructor(dataDirectory: string) {
    this.#folder = dataDirectory;
    this.#db = new BetterSqlite(join(dataDirectory, 'jingu.db'), { readonly: true });
  }

  close(): void {
    this.#db.close();
  }

  documents(): { id: string; rel: string; head: number; digest: string }[] {
    return this.#db.prepare('SELECT id, rel, head, digest FROM doc_file').all() as never;
  }

  /** Every version, oldest first. Throws where the chain does not fit. */
  versions(id: string): Entry[] {
    const file = (this.#db.prepare('SELECT id FROM doc_word WHERE text = ?').get(id) as { id: number }).id;
    const packs = this.#db.prepare('SELECT * FROM doc_pack WHERE file = ? ORDER BY to_v').all(file) as Pack[];
    const top = packs.at(-1)?.to_v ?? 0;
    const out: Entry[] = [];
    for (const pack of packs) out.push(...this.#pack(pack));
    for (const row of this.#db.prepare('SELECT * FROM doc_op WHERE file = ? AND v > ? ORDER BY v').all(file, top)) {
      out.push(entryOf(row as Row));
    }
    let prev = '0'.repeat(64);
    for (const entry of out) {
      const found = this.#digest(id, entry, prev);
      if (entry.span > 1 ? found !== entry.seal : entry.digest !== undefined && found !== entry.digest) {
        throw new Error(`the digest of version ${entry.v} does not fit`);
      }
      entry.digest ??= found;
      const end = packs.find((pack) => pack.to_v === entry.v);
      if (end && end.digest.toString('hex') !== entry.digest) throw new Error(`the pack up to ${entry.v} does not fit`);
      prev = entry.digest;
    }
    return out;
  }

  /** The stored text of a version. */
  text(id: string, version: number): Buffer {
    const entries = this.versions(id);
    const top = this.#db
      .prepare('SELECT * FROM doc_tree WHERE file = ? AND v <= ? ORDER BY v DESC LIMIT 1')
      .get(id, version) as Tree;
    const back = entries.findLast((entry) => entry.v <= version && entry.same !== undefined);
    const isBack = back !== undefined && back.v > top.v;
    let text = isBack ? this.text(id, back.same!) : this.#tree(id, top);
    const start = isBack ? back.v : top.v;
    for (const entry of entries) if (entry.v > start && entry.v <= version) text = apply(text, entry.change!);
    return text;
  }

  #tree(id: string, tree: Tree): Buffer {
    const list = new Bytes(this.#list(id, tree));
    const parts: Buffer[] = [];
    while (!list.atEnd) {
      parts.push(this.#leaf(list.number()));
      list.number();
      list.number();
    }
    return Buffer.concat(parts);
  }

  #list(id: string, tree: Tree): Buffer {
    if (tree.dict_v === null) return zstdDecompressSync(tree.leaves);
    const older = this.#db.prepare('SELECT * FROM doc_tree WHERE file = ? AND v = ?').get(id, tree.dict_v) as Tree;
    return zstdDecompressSync(tree.leaves, { dictionary: after0(this.#list(id, older)) });
  }

  #leaf(id: number): Buffer {
    const row = this.#db.prepare('SELECT * FROM doc_leaf WHERE id = ?').get(id) as Leaf;
    const name = row.blob?.toString('hex');
    const z = name ? readFileSync(join(this.#folder, 'document-blobs', name.slice(0, 2), name)) : row.z;
    if (name && sha256(z) !== name) throw new Error(`the file ${name} does not fit its name`);
    const bytes =
      row.dict === null ? zstdDecompressSync(z) : zstdDecompressSync(z, { dictionary: after0(this.#leaf(row.dict)) });
    if (sha256(bytes) !== row.sha256.toString('hex')) throw new Error(`leaf ${id} does not fit its digest`);
    return bytes;
  }

  #word(id: number): string {
    return (this.#db.prepare('SELECT text FROM doc_word WHERE id = ?').get(id) as { text: string }).text;
  }

  #digest(file: string, e: Entry, prev: string): string {
    return sha256(
      canonical({
        actor: JSON.parse(this.#word(e.actor)) as unknown,
        args: sha256(e.args),
        at: e.ts,
        base: e.base,
        bytes: e.bytes,
        call: e.call,
        change: sha256(e.plain),
        file,
        label: JSON.parse(this.#word(e.label)) as unknown,
        newlines: e.newlines,
        note: e.note === null ? null : sha256(e.note),
        prev,
        source: e.source,
        task: e.task === null ? null : this.#word(e.task),
        version: e.v,
      }),
    );
  }

  #pack(pack: Pack): Entry[] {
    const plain = zstdDecompressSync(pack.splices);
    const s = new Bytes(plain);
    const n = s.number();
    const counts = s.numbers(n);
    const total = counts.reduce((sum, count) => sum + Math.max(0, count - 1), 0);
    const offsets = s.numbers(total).map(signed);
    const out = s.numbers(total);
    const into = s.numbers(total);
    const fulls = counts.map((count) => (count === 0 ? s.take(32) : undefined));
    let cursor = 0;
    let k = 0;
    const changes = counts.map((count) => {
      if (count === 0) return undefined;
      let shift = 0;
      return Array.from({ length: count - 1 }, (): Splice => {
        const at = cursor + offsets[k]! - shift;
        const splice = { at, del: s.take(out[k]!), ins: s.take(into[k]!) };
        shift += splice.ins.length - splice.del.length;
        cursor = at + shift + splice.del.length;
        k++;
        return splice;
      });
    });
    const f = new Bytes(zstdDecompressSync(pack.facts, { dictionary: after0(plain) }));
    const strings = f.numbers(f.number()).map((length) => ({ length }));
    const words = strings.map(({ length }) => f.take(length).toString());
    const [, spans, bases, actors, labels, tasks, sources, times, sizes, lines, notes, args] = Array.from(
      { length: 12 },
      () => f.numbers(n),
    ) as number[][];
    const calls = counts.map(() => {
      const kind = f.number();
      return { kind, value: kind === 0 ? 0 : f.number() };
    });
    let before: Entry | undefined;
    let callTime = 0;
    return counts.map((_, i) => {
      const change = changes[i];
      const v = (before?.v ?? pack.from_v - 1) + spans![i]! + 1;
      const note = notes![i] === 0 ? null : f.take(notes![i]! - 1).toString();
      const arg = f.take(args![i]!).toString();
      const { kind, value } = calls[i]!;
      let call = before?.call ?? '';
      if (kind === 1) call = f.take(value).toString();
      if (kind > 1) {
        callTime += signed(value);
        call = `${words[kind - 2]}_${base32(BigInt(callTime), 10)}${base32(BigInt(`0x${f.take(10).toString('hex')}`), 16)}`;
      }
      const folded = spans![i]! > 0 ? [f.take(32), f.take(32)].map((b) => b.toString('hex')) : [];
      const grown = (of: (b: Buffer) => number): number =>
        change ? change.reduce((sum, { del, ins }) => sum + of(ins) - of(del), 0) : 0;
      before = {
        v,
        span: spans![i]! + 1,
        base: v - 1 - signed(bases![i]!),
        call,
        actor: actors![i]!,
        label: labels![i]!,
        task: tasks![i] === 0 ? null : tasks![i]!,
        source: words[sources![i]!]!,
        args: arg,
        note,
        ts: (before?.ts ?? 0) + signed(times![i]!),
        bytes: signed(sizes![i]!) + (change ? (before?.bytes ?? 0) + grown((b) => b.length) : 0),
        newlines: signed(lines![i]!) + (change ? (before?.newlines ?? 0) + grown(newlinesIn) : 0),
        change,
        same: change ? undefined : sameIn(fulls[i]!),
        plain: change ? plainOf(change) : Buffer.concat([Buffer.of(2), fulls[i]!]),
        digest: folded[0],
        seal: folded[1],
      };
      return before;
    });
  }
}

export interface Entry {
  v: number;
  span: number;
  base: number;
  call: string;
  actor: number;
  label: number;
  task: number | null;
  source: string;
  args: string;
  note: string | null;
  ts: number;
  bytes: number;
  newlines: number;
  /** Nothing for a full version. */
  change: Splice[] | undefined;
  /** Of a full version that has the text of an older one, that one. */
  same: number | undefined;
  plain: Buffer;
  digest: string | undefined;
  seal: string | undefined;
}

type Row = Omit<Entry, 'base' | 'args' | 'change' | 'same' | 'plain' | 'digest' | 'seal'> & {
  base_v: number;
  args: string | Buffer;
  splices: Buffer;
  digest: Buffer;
  seal: Buffer | null;
};
type Pack = { from_v: number; to_v: number; digest: Buffer; splices: Buffer; facts: Buffer };
type Tree = { v: number; leaves: Buffer; dict_v: number | null };
type Leaf = { sha256: Buffer; z: Buffer; dict: number | null; blob: Buffer | null };

function entryOf(row: Row): Entry {
  const [how] = row.splices;
  const body = row.splices.subarray(1);
  const plain = how === 2 ? row.splices : how === 1 ? zstdDecompressSync(body) : body;
  const args =
    typeof row.args === 'string' ? row.args : zstdDecompressSync(row.args, { dictionary: after0(plain) }).toString();
  return {
    ...row,
    base: row.base_v,
    args,
    change: how === 2 ? undefined : changeOf(plain),
    same: how === 2 ? sameIn(body) : undefined,
    plain,
    digest: row.digest.toString('hex'),
    seal: row.seal?.toString('hex'),
  };
}

function sameIn(text: Buffer): number | undefined {
  return text.subarray(0, 24).every((byte) => byte === 0) ? Number(text.readBigUInt64BE(24)) : undefined;
}
