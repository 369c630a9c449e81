/**
 * The LAN API as clients meet it: two paired devices and a stranger against the real daemon over TLS. Handshake, calls,
 * keys, errors, limits, slow and hostile sockets, REST, server-sent events, and `/v1` with the `openai` client.
 */
import { calls } from './lan-api/calls.ts';
import { endOfDevice } from './lan-api/end-of-device.ts';
import { handshake } from './lan-api/handshake.ts';
import { limits } from './lan-api/limits.ts';
import { openAi } from './lan-api/openai.ts';
import { rest } from './lan-api/rest.ts';
import { lanRig } from './lan-api/rig.ts';

await using rig = await lanRig();
await handshake(rig);
await calls(rig);
await limits(rig);
await rest(rig);
await openAi(rig);
await endOfDevice(rig);
process.exitCode = rig.checks.end();
