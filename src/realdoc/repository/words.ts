import type { Reader, Tx } from '../../common/index.ts';
import type { Actor, Label } from '../../protocol/index.ts';

/** The number of a word that many rows repeat; `undefined` if no row has it. */
export function wordId(db: Reader, text: string): number | undefined {
  return db.get<{ id: number }>('SELECT id FROM doc_word WHERE text = ?', text)?.id;
}

function internWord(tx: Tx, text: string): number {
  return wordId(tx, text) ?? tx.run('INSERT INTO doc_word (text) VALUES (?)', text).lastId;
}

export function wordAt(db: Reader, id: number): string {
  const row = db.get<{ text: string }>('SELECT text FROM doc_word WHERE id = ?', id);
  if (!row) throw new Error(`word ${id} is missing`);
  return row.text;
}

const written = new WeakMap<object, string>();

/** JSON of a label or an actor, which never change: one is written down for thousands of versions. */
export function jsonOf(value: Label | Actor): string {
  let text = written.get(value);
  if (text === undefined) {
    text = JSON.stringify(value);
    written.set(value, text);
  }
  return text;
}

/** Words that a transaction has met: many rows of one say the same. They end with it, since it may be taken back. */
const met = new WeakMap<Tx, Map<string, number>>();

/** Numbers of several words at once, those that are new are taken in. */
export function internWords(
  tx: Tx,
  texts: readonly [string, string, string, string | null],
): [number, number, number, number | null] {
  let known = met.get(tx);
  if (!known) {
    known = new Map();
    met.set(tx, known);
  }
  const [a, b, c, d] = texts;
  if (!(known.has(a) && known.has(b) && known.has(c) && (d === null || known.has(d)))) lookUp(tx, texts, known);
  return [known.get(a)!, known.get(b)!, known.get(c)!, d === null ? null : known.get(d)!];
}

function lookUp(tx: Tx, texts: readonly [string, string, string, string | null], known: Map<string, number>): void {
  const one = '(SELECT id FROM doc_word WHERE text = ?)';
  const row = tx.get<Record<'a' | 'b' | 'c' | 'd', number | null>>(
    `SELECT ${one} AS a, ${one} AS b, ${one} AS c, ${one} AS d`,
    ...texts,
  )!;
  for (const [i, id] of [row.a, row.b, row.c, row.d].entries()) {
    const text = texts[i];
    if (typeof text === 'string') known.set(text, id ?? known.get(text) ?? internWord(tx, text));
  }
}
