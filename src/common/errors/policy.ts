import { errorKinds } from './kinds.ts';

export const policyErrors = errorKinds({});
