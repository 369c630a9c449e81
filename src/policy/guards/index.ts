import { unsignedSkill } from './g01-unsigned-skill.ts';
import { codeOutsideJail } from './g02-code-outside-jail.ts';
import { lowIntegrity } from './g03-low-integrity.ts';
import { secretToSink } from './g04-secret-to-sink.ts';
import { destinationOffList } from './g05-destination-off-list.ts';
import { noVerifiedPerson } from './g06-no-verified-person.ts';
import { agentSelfChange } from './g07-agent-self-change.ts';
import { missingUndo } from './g08-missing-undo.ts';
import { cloudInference } from './g09-cloud-inference.ts';
import { trainingExport } from './g10-training-export.ts';
import { replay } from './g11-replay.ts';
import { selfGrant } from './g12-self-grant.ts';
import type { Guard } from './guard.ts';

export type { Guard } from './guard.ts';

/** The whole baseline, by number. */
export const GUARDS: readonly Guard[] = [
  unsignedSkill,
  codeOutsideJail,
  lowIntegrity,
  secretToSink,
  destinationOffList,
  noVerifiedPerson,
  agentSelfChange,
  missingUndo,
  cloudInference,
  trainingExport,
  replay,
  selfGrant,
];
