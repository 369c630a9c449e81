import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '../common/index.ts';
import type { EndedCall } from '../door/index.ts';
import type { MetricRegistry } from '../telemetry/index.ts';
import type { Parts } from './parts.ts';

/** Upper bounds in seconds: a read is a millisecond, an edit some, a model's answer half a minute. */
const SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60];
/** How often the loop is looked at; a shorter time would wake an idle box for nothing. */
const LOOK_MS = 50;
const GUEST_STATES = ['starting', 'ready', 'busy', 'draining', 'gone'] as const;
const TASK_STATES = ['queued', 'running', 'waiting', 'done', 'failed', 'cancelled'] as const;

/** Counts what the door tells of. Every label is an id the box itself declared, or a word of a closed list. */
export function callMetrics(metrics: MetricRegistry): (ended: EndedCall) => void {
  const calls = metrics.counter('jingu_operations_total', 'Calls that ended, by operation and outcome', [
    'operation',
    'outcome',
  ]);
  const seconds = metrics.histogram(
    'jingu_operation_duration_seconds',
    'From the call to its answer; one that waits for a person includes the person',
    SECONDS,
    ['operation'],
  );
  const denials = metrics.counter('jingu_policy_denials_total', 'Calls that policy refused, by rule', ['rule']);
  return ({ operation, outcome, ms, deniedBy }) => {
    calls.add({ operation, outcome });
    seconds.observe({ operation }, ms / 1000);
    if (deniedBy !== undefined) denials.add({ rule: deniedBy });
  };
}

/** What the rooms know anyway, asked for when somebody looks. */
export function sampleParts(metrics: MetricRegistry, parts: () => Omit<Parts, 'addresses'>, clock: Clock): void {
  const gauge = (name: string, help: string, read: () => number) => metrics.gauge(name, help, [], read);
  gauge('jingu_sockets_open', 'WebSocket connections', () => parts().gateway.sockets);
  metrics.sampled(
    'jingu_lag_closes_total',
    'Sockets closed because their client read too slowly',
    'counter',
    [],
    () => [[{}, parts().gateway.lagCloses]],
  );
  metrics.sampled('jingu_events_published_total', 'Events handed out, by kind', 'counter', ['kind'], () =>
    [...parts().core.events.published].map(([kind, n]) => [{ kind }, n] as const),
  );
  gauge(
    'jingu_approvals_pending',
    'Approvals and questions that wait for a person; counted up to 500',
    () => parts().core.approvals.list({ person: null, states: ['pending'], limit: 500 }).length,
  );
  metrics.sampled('jingu_tasks', 'Tasks, by state', 'gauge', ['state'], () => {
    const counts = new Map(
      parts()
        .agent.stateCounts()
        .map(({ state, n }) => [state, n]),
    );
    return TASK_STATES.map((state) => [{ state }, counts.get(state) ?? 0] as const);
  });
  metrics.sampled('jingu_guest_state', '1 for the state that the guest is in', 'gauge', ['guest', 'state'], () =>
    parts()
      .supervisor.list()
      .flatMap(({ name, state }) =>
        GUEST_STATES.map((each) => [{ guest: name, state: each }, each === state ? 1 : 0] as const),
      ),
  );
  gauge('jingu_audit_records', 'Records in the audit log', () => parts().audit.size());
  gauge('jingu_audit_head_records', 'Records that the newest signed head covers', () => parts().audit.head().size);
  gauge('jingu_audit_head_age_seconds', 'Age of the newest signed head', () =>
    Math.max(0, (clock.now() - parts().audit.head().at) / 1000),
  );
  gauge('jingu_blob_bytes', 'Bytes of uploads and downloads on the disk', () => parts().blobs.usedBytes);
}

/** The process itself. Returns how to end the watching. */
export function sampleProcess(metrics: MetricRegistry): () => void {
  metrics.sampled('jingu_process_memory_bytes', 'Memory of the core, by kind', 'gauge', ['kind'], () => {
    const { rss, heapUsed, external } = process.memoryUsage();
    return [
      [{ kind: 'resident' }, rss],
      [{ kind: 'heap' }, heapUsed],
      [{ kind: 'external' }, external],
    ] as const;
  });
  const delay = monitorEventLoopDelay({ resolution: LOOK_MS });
  delay.enable();
  metrics.sampled(
    'jingu_event_loop_delay_seconds',
    'How much later than due timers ran, since the last look',
    'gauge',
    ['quantile'],
    () => {
      const values = delaysOf(delay);
      delay.reset();
      return values;
    },
  );
  return () => void delay.disable();
}

/** Node records the whole time between two looks, so the time that was meant to pass is taken off. */
function delaysOf(delay: ReturnType<typeof monitorEventLoopDelay>) {
  const late = (nanoseconds: number) => Math.max(0, (nanoseconds / 1e6 - LOOK_MS) / 1000) || 0;
  return [
    [{ quantile: '0.5' }, late(delay.percentile(50))],
    [{ quantile: '0.99' }, late(delay.percentile(99))],
    [{ quantile: '1' }, late(delay.max)],
  ] as const;
}
