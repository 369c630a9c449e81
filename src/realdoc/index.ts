export { type Candidate, type CandidateOptions, candidatesOf } from './edit/candidates.ts';
export { narrow } from './edit/narrow.ts';
export { spansOf } from './edit/spans.ts';
export { documentBlobOperations } from './operations/blobs.ts';
export { realdocOperations } from './operations/index.ts';
export { Parser } from './parse/parser.ts';
export { sambaFacts } from './projection/samba-facts.ts';
export { BLOB_FOLDER, type Invoke, RealDoc, type RealDocOptions } from './realdoc.ts';
export { realdocMigrations } from './repository/index.ts';
