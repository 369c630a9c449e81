import type { Think } from './brain.ts';
import { proposeEdit } from './edit/brain.ts';

/** What an instruction means for the documents in view. */
export const think: Think = (input) => proposeEdit(input);
