/** Bidi overrides, zero-width and control characters: what makes a name look like another. Tab and newline are not. */
const TRICKS = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Text of documents, names and models with hidden characters shown as `⟨U+202E⟩`. */
export function visible(text: string): string {
  return text.replace(TRICKS, (c) => (c === '\t' || c === '\n' ? c : `⟨U+${hex(c)}⟩`));
}

function hex(c: string): string {
  return c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
}
