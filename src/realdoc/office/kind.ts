import type { Verb } from '../edit/verbs.ts';

/** One inflated XML part of a package. `name` is that of the zip entry, without a leading slash. */
export interface Part {
  readonly name: string;
  readonly bytes: Buffer;
}

/** One line as people read it: a paragraph, a table cell, a sheet's cell. Never holds a line break. */
export interface ViewLine {
  readonly text: string;
  /** The beginning of `text` that is address and not content, such as `Sheet1!B7|`. */
  readonly prefix?: string;
  /** What a verb may say instead of the line number. */
  readonly address?: string;
  /** Index into the parts, and the bytes of it that the line stands on. */
  readonly part: number;
  readonly from: number;
  readonly to: number;
  /** Of a heading, from 1. */
  readonly level?: number;
}

/** What one verb means in one part; offsets are bytes of that part at the base. */
export interface PartAim {
  readonly verb: number;
  readonly lines: { from: number; to: number };
  readonly part: number;
  /** Bytes that no later version may have touched. */
  readonly region: { from: number; to: number };
  readonly splices: readonly PartSplice[];
  /**
   * Goes along with the change and is no part of what was asked (the flag that formulas are to be worked out again).
   * Where a later version touched its region it is left out, and that is no conflict.
   */
  readonly aside?: true;
}

/** Bytes [at, at + del) of a part give way to `ins`. */
export interface PartSplice {
  readonly at: number;
  readonly del: number;
  readonly ins: string;
}

/** Stands for a line break inside a cell or a paragraph: a view line is one line. */
export const BREAK = '↵';

export interface ResolveOptions {
  /** Write changes as tracked ones, where the kind has them. Left out: as the document says. */
  readonly track?: boolean;
  readonly author: string;
  /** ISO 8601, for what the format dates. */
  readonly now: string;
}

export type KindName = 'docx' | 'xlsx' | 'pptx' | 'odt' | 'ods';

/**
 * What one format knows. Pure functions on the bytes of parts; they run in the parse guest alone, on files that may be
 * hostile. `resolve` throws typed errors (DOC_LINE_UNKNOWN, DOC_GUARD_FAILED, DOC_VERB_INVALID, DOC_AMBIGUOUS,
 * DOC_TEXT_NOT_FOUND, DOC_UNSAFE_SPAN, DOC_NO_CHANGE), whose details the core completes with path and version.
 */
export interface OfficeKind {
  view(parts: readonly Part[]): ViewLine[];
  resolve(
    parts: readonly Part[],
    view: readonly ViewLine[],
    verbs: readonly Verb[],
    options: ResolveOptions,
  ): PartAim[];
}
