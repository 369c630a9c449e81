import { fail } from '../../common/index.ts';
import { transcodedOf } from '../formats/encoding/transcode.ts';
import type { FileRow, Kind } from '../rows.ts';
import type { TextTree } from '../text/tree.ts';
import { HEAD_BYTES, type TextFacts, textFacts, whyOpaque } from './kind.ts';

/** A whole file as its document keeps it. */
export interface Stored {
  facts: TextFacts;
  /** Why an opaque file is one. */
  why: string | null;
  /** The stored text: what versions are made of. */
  bytes: Buffer;
}

/** A version as people read it: numbered lines, as UTF-8. For a text in UTF-8 that is the stored text itself. */
export interface Shown {
  tree: TextTree;
}

/**
 * Leads from the bytes of a file to the stored text of its document, and back. Both ways are exact: what was taken in
 * and not changed is given back byte for byte. A text is kept as it is.
 */
export class Contents {
  /** Throws nothing for what it cannot read: such a file is opaque, and `why` says so. */
  async take(_docPath: string, bytes: Buffer): Promise<Stored> {
    const why = whyOpaque(bytes.subarray(0, HEAD_BYTES));
    if (why === undefined) return { facts: textFacts(bytes), why: null, bytes };
    return { facts: { kind: 'opaque', utf8: false, eol: 'none', bom: false }, why, bytes };
  }

  /** The bytes of the file on the share, in pieces. */
  give(_file: { kind: Kind }, tree: TextTree): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
    return tree.pieces();
  }

  /** Throws DOC_READ_ONLY_KIND where there is nothing to read. */
  async shown(file: FileRow, _version: number, tree: TextTree): Promise<Shown> {
    if (file.kind === 'text') return { tree: file.utf8 ? tree : (transcodedOf(tree)?.tree ?? tree) };
    throw fail('DOC_READ_ONLY_KIND', {
      path: file.path,
      kind: file.why ?? 'binary',
      possible: 'doc.log, doc.download, doc.rollback',
    });
  }
}
