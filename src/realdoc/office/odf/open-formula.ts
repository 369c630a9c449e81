const SHEET = "(?:'(?:[^']|'')+'|[\\p{L}_][\\p{L}\\p{N}_]*)";
const COLUMN = '\\$?[A-Za-z]{1,3}';
const ROW = '\\$?[1-9]\\d{0,6}';
const TEXT = '"(?:[^"]|"")*"';
/** `{1,2;3,4}`: values, and no braces in it but in texts. */
const VALUES = `\\{(?:${TEXT}|[^{}"])*\\}`;
const NUMBER = '(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?';
/** A cell or a block, whole columns, whole rows; `dot` stands before the second half where it is stored. */
const place = (dot: string): string =>
  `${COLUMN}${ROW}(?::${dot}${COLUMN}${ROW})?|${COLUMN}:${dot}${COLUMN}|${ROW}:${dot}${ROW}`;
const TYPED = new RegExp(
  `${TEXT}|${VALUES}|(?:(${SHEET})!)?(${place('')})(?![\\p{L}\\p{N}_(.!])|${NUMBER}|[\\p{L}_][\\p{L}\\p{N}_.]*\\(?|,`,
  'gu',
);
const STORED = new RegExp(`${TEXT}|${VALUES}|\\[(?:\\$?(${SHEET}))?\\.(${place('\\.')})\\]|;`, 'gu');

/** A formula as people type it, `=SUM(A1:A3,Sheet2!B1)`; one that says more than that is shown as it is stored. */
export function shownFormula(stored: string): string {
  const bare = stored.replace(/^[a-z]+:(?==)/, '');
  const shown = bare.replaceAll(STORED, (token, sheet?: string, at?: string) => {
    if (token.startsWith('{')) return swapped(token, { ';': ',', '|': ';' });
    if (token === ';') return ',';
    return at === undefined ? token : `${sheet ? `${sheet}!` : ''}${at.replace(':.', ':')}`;
  });
  return storedFormula(shown) === `of:${bare}` ? shown : bare;
}

/** `of:=SUM([.A1:.A3];[$Sheet2.B1])`; what already names cells in brackets is taken as it is. */
export function storedFormula(typed: string): string {
  if (/\[[.$']/.test(typed)) return `of:${typed}`;
  const stored = typed.replaceAll(TYPED, (token, sheet?: string, at?: string) => {
    if (token.startsWith('{')) return swapped(token, { ',': ';', ';': '|' });
    if (token === ',') return ';';
    return at === undefined ? token : `[${sheet ? `$${sheet}` : ''}.${at.replace(':', ':.')}]`;
  });
  return `of:${stored}`;
}

/** The marks between values of an array, outside of its texts. */
function swapped(array: string, marks: Readonly<Record<string, string>>): string {
  return array.replaceAll(new RegExp(`${TEXT}|[,;|]`, 'g'), (token) => marks[token] ?? token);
}
