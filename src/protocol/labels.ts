/** Integrity: 0 external, 1 organisation content, 2 verified person, 3 administrator. */
export type Integrity = 0 | 1 | 2 | 3;
export type Confidentiality = 'public' | 'internal' | 'secret' | 'restricted';

/** Travels with every value: who could have written it, and who may see it. */
export interface Label {
  integrity: Integrity;
  confidentiality: Confidentiality;
  /** The set of a `restricted` value; sorted, unique, empty otherwise. */
  restrictedTo: readonly string[];
}

const ORDER: readonly Confidentiality[] = ['public', 'internal', 'secret', 'restricted'];

export const PUBLIC_SYSTEM: Label = { integrity: 3, confidentiality: 'public', restrictedTo: [] };
export const ORGANISATION: Label = { integrity: 1, confidentiality: 'internal', restrictedTo: [] };
export const PERSON: Label = { integrity: 2, confidentiality: 'internal', restrictedTo: [] };
export const EXTERNAL: Label = { integrity: 0, confidentiality: 'internal', restrictedTo: [] };

/** The first two ranks of `a` are those of the two together. */
function covers(a: Label, b: Label): boolean {
  return a.integrity <= b.integrity && ORDER.indexOf(a.confidentiality) >= ORDER.indexOf(b.confidentiality);
}

/** Minimum integrity, maximum confidentiality, union of sets. Commutative, associative, idempotent. */
export function joinLabels(...labels: readonly Label[]): Label {
  let out: Label = PUBLIC_SYSTEM;
  for (const label of labels) {
    // Most labels that meet are the same: then nothing is made, and what is known of the one is known of the other.
    if (out.restrictedTo.length === 0 && label.restrictedTo.length === 0) {
      if (covers(out, label)) continue;
      if (covers(label, out)) {
        out = label;
        continue;
      }
    }
    out = {
      integrity: Math.min(out.integrity, label.integrity) as Integrity,
      confidentiality:
        ORDER.indexOf(label.confidentiality) > ORDER.indexOf(out.confidentiality)
          ? label.confidentiality
          : out.confidentiality,
      restrictedTo:
        label.restrictedTo.length === 0
          ? out.restrictedTo
          : [...new Set([...out.restrictedTo, ...label.restrictedTo])].sort(),
    };
  }
  return out;
}
