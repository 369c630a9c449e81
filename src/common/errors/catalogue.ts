import { agentErrors } from './agent.ts';
import { cliErrors } from './cli.ts';
import { clientErrors } from './client.ts';
import { configErrors } from './config.ts';
import { coreErrors } from './core.ts';
import { docErrors } from './doc.ts';
import { guestErrors } from './guest.ts';
import { identityErrors } from './identity.ts';
import { inferenceErrors } from './inference.ts';
import type { ErrorKind } from './kinds.ts';
import { policyErrors } from './policy.ts';

/** Every error the box can answer. One part a room; codes are unique over all parts (a test holds it). */
const parts = {
  ...coreErrors,
  ...identityErrors,
  ...policyErrors,
  ...docErrors,
  ...inferenceErrors,
  ...agentErrors,
  ...guestErrors,
  ...configErrors,
  ...clientErrors,
  ...cliErrors,
};

export type ErrorCode = keyof typeof parts;

export const ERROR_CATALOGUE: Readonly<Record<ErrorCode, ErrorKind>> = parts;
