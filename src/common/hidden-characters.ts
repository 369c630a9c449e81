/**
 * Control characters, and what is not seen or turns the text around: bidi overrides, zero-width characters. They make a
 * name look like another and drive terminals, so they are shown by their numbers. Tab and newline stay.
 */
export function showHidden(text: string, show: (hex: string) => string): string {
  return text.replace(/(?![\t\n])[\p{Cc}\p{Cf}\u2028\u2029]/gu, (c) => show(c.codePointAt(0)!.toString(16)));
}
