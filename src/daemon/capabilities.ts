import { join } from 'node:path';
import { Agent, agentOperations, think } from '../agent/index.ts';
import { Beacon } from '../beacon/index.ts';
import { newId } from '../common/index.ts';
import { serviceFacts } from '../config/index.ts';
import type { Door } from '../door/index.ts';
import { Egress, egressOperations } from '../egress/index.ts';
import { Supervisor } from '../guest/index.ts';
import { Inference, inferenceOperations } from '../inference/index.ts';
import type { AnyOperation } from '../protocol/index.ts';
import { documentBlobOperations, Parser, RealDoc, realdocOperations, sambaFacts } from '../realdoc/index.ts';
import { questionsOf, taskCaller } from './agent-ports.ts';
import type { Trust, TrustOptions } from './trust.ts';

export interface CapabilityOptions extends TrustOptions {
  /** Replaces the engine guest's program. */
  engineProgram: string | undefined;
}

export interface Capabilities {
  supervisor: Supervisor;
  egress: Egress;
  beacon: Beacon;
  inference: Inference;
  parser: Parser;
  realdoc: RealDoc;
  agent: Agent;
}

/** The rooms that do the work, and their guests. Nothing starts here: see `startCapabilities`. */
export function buildCapabilities({ store, identity, core }: Trust, options: CapabilityOptions): Capabilities {
  const { config, clock, log, engineProgram } = options;
  const { events, door } = core;
  const invoke: Door['invoke'] = (caller, request, more) => door.invoke(caller, request, more);
  const supervisor = new Supervisor({ clock, log });
  const egress = new Egress({ supervisor, database: store, clock, log, directory: config.data, ...unitOf('egress') });
  const beacon = new Beacon({ supervisor, ...unitOf('beacon') });
  const inference = new Inference({
    db: store,
    clock,
    log,
    host: {
      start: (spec) =>
        supervisor.start(engineProgram ? { ...spec, program: engineProgram } : { ...spec, ...unitOf('engine') }),
    },
    events,
    outbound: {
      // The call that asked for the pull is on record before the first byte leaves.
      open: ({ url, class: kind, range }, signal) =>
        egress.open({ url, class: kind, decisionId: newId('out'), signal, ...(range ? { range } : {}) }),
    },
    modelDirectory: join(config.data, 'models'),
    otherDirectories: [config.models],
  });
  const parser = new Parser({ supervisor, log, ...unitOf('parse') });
  const realdoc = new RealDoc({
    db: store,
    clock,
    log,
    invoke,
    dataDirectory: config.data,
    caller: () => identity.internalCaller(),
    historyBytes: { all: config.historyGb * 1e9, each: config.workspaceHistoryGb * 1e9 },
    openSince: () => agent.openSince(),
    parser,
    shareFacts: sambaFacts({ clock }),
  });
  const agent = new Agent({
    db: store,
    clock,
    log,
    invoke,
    events,
    questions: questionsOf(core.approvals),
    texts: core.texts,
    callerFor: taskCaller(identity),
    think,
  });
  return { supervisor, egress, beacon, inference, parser, realdoc, agent };
}

/** On the appliance a guest is a unit with a user, a cgroup and a network of its own, reached by its socket. */
function unitOf(guest: string): { socket?: string } {
  const { guestSockets } = serviceFacts();
  return guestSockets === undefined ? {} : { socket: join(guestSockets, `${guest}.sock`) };
}

export function capabilityOperations(
  { inference, realdoc, agent }: Capabilities,
  { core, blobs }: Trust,
): AnyOperation[] {
  return [
    ...inferenceOperations(inference),
    ...egressOperations(),
    ...realdocOperations(realdoc),
    ...documentBlobOperations(realdoc, blobs),
    ...agentOperations({ agent, invoke: (caller, request, more) => core.door.invoke(caller, request, more) }),
  ];
}

/** In recovery mode nothing moves by itself: no guest, no watching, no task. */
export async function startCapabilities(
  rooms: Capabilities,
  isRecovering: boolean,
  onStop: (stop: () => Promise<void> | void) => void,
): Promise<void> {
  const { supervisor, egress, inference, parser, realdoc, agent } = rooms;
  onStop(() => supervisor.stop());
  onStop(() => egress.stop());
  onStop(() => inference.stop());
  onStop(() => parser.stop());
  onStop(() => realdoc.stop());
  onStop(() => agent.stop());
  if (isRecovering) return;
  egress.start();
  inference.start();
  parser.start();
  await realdoc.start();
  agent.start();
}
