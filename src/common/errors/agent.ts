import { errorKinds } from './kinds.ts';

export const agentErrors = errorKinds({});
