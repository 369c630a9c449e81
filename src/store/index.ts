export type { Migration } from './migrations.ts';
export { Store, type StoreOptions } from './store.ts';
