import type { Reader, Tx } from '../../common/index.ts';

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

/** Numbers of several words at once, those that are new are taken in. */
export function internWords(
  tx: Tx,
  texts: readonly [string, string, string, string | null],
): [number, number, number, number | null] {
  const one = '(SELECT id FROM doc_word WHERE text = ?)';
  const known = tx.get<{ a: number | null; b: number | null; c: number | null; d: number | null }>(
    `SELECT ${one} AS a, ${one} AS b, ${one} AS c, ${one} AS d`,
    ...texts,
  )!;
  const [a, b, c, d] = texts;
  return [
    known.a ?? internWord(tx, a),
    known.b ?? internWord(tx, b),
    known.c ?? internWord(tx, c),
    known.d ?? (d === null ? null : internWord(tx, d)),
  ];
}
