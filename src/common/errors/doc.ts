import { errorKinds } from './kinds.ts';

export const docErrors = errorKinds({});
