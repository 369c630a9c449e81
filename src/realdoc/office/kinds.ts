import { docx } from './docx/index.ts';
import type { KindName, OfficeKind } from './kind.ts';

/** Every format that can be taken apart. A kind that is not here stays opaque. */
export const OFFICE_KINDS: Partial<Record<KindName, OfficeKind>> = { docx };
