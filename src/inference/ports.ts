import type { Tx } from '../common/index.ts';
import type { GuestHandle, GuestSpec } from '../guest/index.ts';
import type { EventKind } from '../protocol/index.ts';

/** Starts the engine guests; the supervisor of the box. */
export interface EngineHost {
  start(spec: GuestSpec): GuestHandle;
}

/** Durable events, written in the transaction of the change they tell of. */
export interface EventSink {
  emit(tx: Tx, topic: string, kind: EventKind, data: Record<string, unknown>): void;
}

export interface OutboundAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: AsyncIterable<Uint8Array>;
}

/** The only way out: what it may reach is decided there, not here. Throws when it refuses or cannot connect. */
export interface Outbound {
  open(
    request: { url: string; class: 'model-pull'; range?: { from: number } },
    signal: AbortSignal,
  ): Promise<OutboundAnswer>;
}
