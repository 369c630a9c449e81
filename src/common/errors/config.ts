import { errorKinds } from './kinds.ts';

export const configErrors = errorKinds({});
