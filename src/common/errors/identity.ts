import { errorKinds } from './kinds.ts';

export const identityErrors = errorKinds({});
