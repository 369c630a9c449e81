/** Columns a character takes on a terminal: East Asian wide and full-width forms take two (UAX 11, the common ranges). */
export function width(text: string): number {
  let columns = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const wide =
      code >= 0x1100 &&
      (code <= 0x115f ||
        (code >= 0x2e80 && code <= 0xa4cf) ||
        (code >= 0xac00 && code <= 0xd7a3) ||
        (code >= 0xf900 && code <= 0xfaff) ||
        (code >= 0xfe30 && code <= 0xfe6f) ||
        (code >= 0xff00 && code <= 0xff60) ||
        (code >= 0xffe0 && code <= 0xffe6) ||
        (code >= 0x1f300 && code <= 0x1faff) ||
        (code >= 0x20000 && code <= 0x3fffd));
    columns += wide ? 2 : 1;
  }
  return columns;
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)));
}

export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let out = '';
  let used = 0;
  for (const character of text) {
    used += width(character);
    if (used > columns - 1) break;
    out += character;
  }
  return `${out}…`;
}

/** Rows under their titles; the widest column gives way when the screen is narrow. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[], columns: number): string {
  const widths = titles.map((title, i) => Math.max(width(title), ...rows.map((row) => width(row[i] ?? ''))));
  const gaps = 2 * (titles.length - 1);
  for (;;) {
    const sum = widths.reduce((a, b) => a + b, 0) + gaps;
    const widest = widths.indexOf(Math.max(...widths));
    if (sum <= columns || widths[widest]! <= 12) break;
    widths[widest]! -= Math.min(sum - columns, widths[widest]! - 12);
  }
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === titles.length - 1 ? cut(cell, widths[i]!) : pad(cut(cell, widths[i]!), widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(titles), ...rows.map(line)].join('\n');
}
