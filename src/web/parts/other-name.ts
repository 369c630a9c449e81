/** The refusals that another name mends. */
export const NAME_REFUSED = new Set(['DOC_EXISTS', 'DOC_NAME_CLASH', 'DOC_PATH_INVALID', 'DOC_PATH_OUTSIDE']);

/** A name that is probably free: `offer.pdf` becomes `offer (2).pdf`, that one `offer (3).pdf`. */
export function otherName(name: string): string {
  const [, stem, count, ending] = /^(.+?)(?: \((\d{1,4})\))?(\.[^./]+)?$/su.exec(name) ?? [];
  return stem === undefined ? `${name} (2)` : `${stem} (${Number(count ?? 1) + 1})${ending ?? ''}`;
}

/** As the box wants names: a Mac tells `ü` as two characters. */
export function boxName(name: string): string {
  return name.normalize('NFC');
}
