/**
 * Approvals as durable rows, over the real daemon, real sockets and real kills: the ten failures that other products
 * had (F1-F10) as far as this version has the surfaces, and the races beside them. Scope `task` (F4) does not exist
 * yet: every approval is for one call.
 */
import { changed, races } from './approvals/changed.ts';
import { kills, many } from './approvals/many.ts';
import { approvalRig } from './approvals/rig.ts';
import { questions, surfaces } from './approvals/surfaces.ts';

await using rig = await approvalRig();
await surfaces(rig);
await many(rig);
await questions(rig);
await kills(rig);
await changed(rig);
await races(rig);
process.exitCode = rig.checks.end();
