import type { Category, Clock, JinguError, Logger } from '../common/index.ts';
import type { Registry } from './registry.ts';

/** How a call ended, in words of closed lists: an id the registry knows (or `unknown`), `ok` or a category of errors. */
export interface EndedCall {
  operation: string;
  outcome: 'ok' | Category;
  /** Time from the call to its answer; with `wait` that of the person, too. */
  ms: number;
  /** The rule or guard that denied it. */
  deniedBy: string | undefined;
}

export interface EndedOptions {
  clock: Clock;
  log: Logger;
  registry: Registry;
  /** Told of every call that ended; decides nothing. */
  observe?: ((ended: EndedCall) => void) | undefined;
}

/** Never throws: what was done is done, whether it could be counted or not. */
export function tellEnded(
  { observe, registry, clock, log }: EndedOptions,
  operation: string,
  began: number,
  error?: JinguError,
): void {
  try {
    observe?.({
      operation: registry.get(operation) ? operation : 'unknown',
      outcome: error?.toWire().category ?? 'ok',
      ms: clock.monotonic() - began,
      deniedBy: error?.code === 'POLICY_DENIED' ? String(error.details['ruleId']) : undefined,
    });
  } catch (fault) {
    log.warn({ error: String(fault) }, 'call-not-counted');
  }
}
