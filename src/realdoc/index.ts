export { realdocOperations } from './operations/index.ts';
export { type Invoke, internalCaller, RealDoc, type RealDocOptions } from './realdoc.ts';
export { realdocMigrations } from './repository.ts';
