import { closed, type Label, LabelSchema, type Static, Type, Version } from '../../protocol/index.ts';

export const WorkspaceName = Type.String({ minLength: 1, maxLength: 64 });
/** A document, a folder of a workspace, or a workspace. */
export const FolderPath = Type.String({ minLength: 1, maxLength: 4096 });
export const DocumentId = Type.String({ maxLength: 64 });
export const Line = Type.Integer({ minimum: 1, maximum: 1_000_000_000 });
export const ShownLine = closed({ n: Line, text: Type.String() });
export const EolName = Type.Enum(['lf', 'crlf', 'mixed', 'none']);
export const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
export const Note = Type.String({ minLength: 1, maxLength: 500 });

/** What every write to a document answers: enough to go on without reading again. */
export const VersionMade = closed({
  path: Type.String(),
  document: DocumentId,
  version: Version,
  /** Lines that came and went. */
  added: Type.Integer({ minimum: 0 }),
  removed: Type.Integer({ minimum: 0 }),
  /** The versions are so far apart that only the first changes were counted; doc.diff tells all. */
  isPartial: Type.Optional(Type.Literal(true)),
  /** The lines around each change as they are numbered now. */
  changed: Type.Array(ShownLine),
  /** The text was well-formed before and is not now. The version stands; nothing was repaired. */
  advisory: Type.Optional(
    closed({ code: Type.Literal('PARSE_ADVISORY'), message: Type.String(), line: Type.Integer({ minimum: 1 }) }),
  ),
  label: LabelSchema,
});

/** Labels as output schemas want them: a copy that may be changed. */
export function shownLabel(label: Label): Static<typeof LabelSchema> {
  return { ...label, restrictedTo: [...label.restrictedTo] };
}
