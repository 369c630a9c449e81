import { errorKinds } from './kinds.ts';

export const inferenceErrors = errorKinds({});
