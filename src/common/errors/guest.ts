import { errorKinds } from './kinds.ts';

export const guestErrors = errorKinds({});
