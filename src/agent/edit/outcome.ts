import type { Doubt } from './guards.ts';
import type { Place } from './place.ts';

/** A change of whole lines, in the words of RealDoc's verbs. `was` guards against a document that moved on. */
export type LineEdit =
  | { kind: 'set'; line: number; was: string; text: string }
  | { kind: 'cut'; line: number; was: string }
  /** `after` 0 is the top of the document. */
  | { kind: 'put'; after: number; anchor: string; text: string };

export interface Proposal {
  path: string;
  version: number;
  edits: LineEdit[];
}

export type Outcome =
  /** Independent ways agreed on place and bytes, and nothing speaks against it. */
  | { kind: 'apply'; proposal: Proposal }
  /** A person picks one of the proposals, or none. */
  | { kind: 'ask'; reason: AskReason; options: Proposal[] }
  | { kind: 'refuse'; reason: RefuseReason; words: string[] };

export type AskReason = 'two-places' | 'two-results' | 'unsure-place' | 'unsure-text' | 'many-lines';
export type RefuseReason = 'nothing-like-it' | 'no-result' | 'already-so' | 'no-documents';

export interface Considered {
  place: Place;
  line: string;
  votes: number;
  doubts: Doubt[];
}

export function sameProposal(a: Proposal, b: Proposal): boolean {
  return a.path === b.path && JSON.stringify(a.edits) === JSON.stringify(b.edits);
}

export function distinct(proposals: readonly Proposal[]): Proposal[] {
  return proposals.filter((p, i) => proposals.findIndex((q) => sameProposal(p, q)) === i);
}
