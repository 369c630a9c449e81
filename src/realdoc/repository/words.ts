import type { Reader, Tx } from '../../common/index.ts';

/** The number of a word that many rows repeat; `undefined` if no row has it. */
export function wordId(db: Reader, text: string): number | undefined {
  return db.get<{ id: number }>('SELECT id FROM doc_word WHERE text = ?', text)?.id;
}

export function internWord(tx: Tx, text: string): number {
  return wordId(tx, text) ?? tx.run('INSERT INTO doc_word (text) VALUES (?)', text).lastId;
}

export function wordAt(db: Reader, id: number): string {
  const row = db.get<{ text: string }>('SELECT text FROM doc_word WHERE id = ?', id);
  if (!row) throw new Error(`word ${id} is missing`);
  return row.text;
}
