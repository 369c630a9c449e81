import { docx } from './docx/index.ts';
import type { KindName, OfficeKind } from './kind.ts';
import { ods, odt } from './odf/index.ts';
import { pptx } from './pptx/index.ts';
import { xlsx } from './xlsx/index.ts';

/** Every format that can be taken apart. A kind that is not here stays opaque. */
export const OFFICE_KINDS: Partial<Record<KindName, OfficeKind>> = { docx, ods, odt, pptx, xlsx };
