import type { Inference } from '../inference/index.ts';
import type { BoxStatus } from './operations.ts';
import type { Parts } from './parts.ts';

type Known = Pick<BoxStatus, 'name' | 'version' | 'state' | 'uptimeSeconds' | 'addresses'>;

/** What the box is doing now, from the rooms themselves. */
export async function statusOf(parts: Parts, known: Known): Promise<BoxStatus> {
  const { identity, gateway, core, audit, supervisor, inference, agent } = parts;
  return {
    ...known,
    boxId: identity.boxId,
    sockets: gateway.sockets,
    memoryMb: Math.round(process.memoryUsage.rss() / 1_048_576),
    pendingApprovals: core.approvals.list({ person: null, states: ['pending'], limit: 500 }).length,
    runningTasks: agent.running,
    model: await describeModel(inference),
    auditSize: audit.size(),
    guests: supervisor.list().map(({ name, state, reason, pid, starts, memoryBytes }) => ({
      name,
      state,
      reason,
      pid,
      starts,
      memoryMb: memoryBytes === null ? null : Math.round(memoryBytes / 1_048_576),
    })),
  };
}

async function describeModel({ models }: Inference): Promise<string> {
  const views = await Promise.all(models.all().map((record) => models.view(record)));
  // What answers now before what merely lies on the disk.
  const best = views.find(({ state }) => state === 'warm') ?? views.find(({ state }) => state !== 'absent');
  if (best) return `${best.record.id} (${best.state})`;
  return 'none yet: bring a file with  jingu model import <file>';
}
