import { showHidden } from '../../common/hidden-characters.ts';

/** Text of documents, names and models with hidden characters shown as `⟨U+202E⟩`. */
export function visible(text: string): string {
  return showHidden(text, (hex) => `⟨U+${hex.toUpperCase().padStart(4, '0')}⟩`);
}
