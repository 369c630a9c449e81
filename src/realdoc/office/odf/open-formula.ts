const SHEET = "(?:'(?:[^']|'')+'|[\\p{L}_][\\p{L}\\p{N}_]*)";
const CELL = '\\$?[A-Za-z]{1,3}\\$?[1-9]\\d{0,6}';
const TYPED = new RegExp(
  `"(?:[^"]|"")*"|(?:(${SHEET})!)?(${CELL})(?::(${CELL}))?(?![\\p{L}\\p{N}_(.!])|[\\p{L}_][\\p{L}\\p{N}_.]*\\(?|,`,
  'gu',
);
const STORED = new RegExp(`"(?:[^"]|"")*"|\\[(?:\\$?(${SHEET}))?\\.(${CELL})(?::\\.(${CELL}))?\\]|;`, 'gu');

/** A formula as people type it, `=SUM(A1:A3,Sheet2!B1)`; one that says more than that is shown as it is stored. */
export function shownFormula(stored: string): string {
  const bare = stored.replace(/^[a-z]+:(?==)/, '');
  const shown = bare.replaceAll(STORED, (token, sheet?: string, from?: string, to?: string) => {
    if (token === ';') return ',';
    if (from === undefined) return token;
    return `${sheet ? `${sheet}!` : ''}${from}${to ? `:${to}` : ''}`;
  });
  return storedFormula(shown) === `of:${bare}` ? shown : bare;
}

/** `of:=SUM([.A1:.A3];[$Sheet2.B1])`; what already names cells in brackets is taken as it is. */
export function storedFormula(typed: string): string {
  if (/\[[.$']/.test(typed)) return `of:${typed}`;
  const stored = typed.replaceAll(TYPED, (token, sheet?: string, from?: string, to?: string) => {
    if (token === ',') return ';';
    if (from === undefined) return token;
    return `[${sheet ? `$${sheet}` : ''}.${from}${to ? `:.${to}` : ''}]`;
  });
  return `of:${stored}`;
}
