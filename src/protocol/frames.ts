import { closed, type Static, Type } from './schema.ts';

/**
 * Schemas of what travels in JSON-RPC `params` beside operations, for the box's validation and for AsyncAPI. The
 * codec in `rpc.ts` imports only their types, so that a browser does not carry a schema library.
 */

/** Params of an operation call; `method` is the operation id. */
export const CallParams = closed({
  input: Type.Unknown(),
  idempotencyKey: Type.Optional(Type.String({ minLength: 8, maxLength: 128, pattern: '^[\\x21-\\x7e]+$' })),
  confirm: Type.Optional(Type.Boolean()),
  dryRun: Type.Optional(Type.Boolean()),
  wait: Type.Optional(Type.Boolean()),
  timeoutMs: Type.Optional(Type.Integer({ minimum: 1, maximum: 600_000 })),
  traceparent: Type.Optional(
    Type.String({ maxLength: 55, pattern: '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' }),
  ),
});
export type CallParams = Static<typeof CallParams>;

export const Topic = Type.String({
  minLength: 3,
  maxLength: 80,
  pattern: '^(approvals|box|audit|(task|doc):[a-z]+_[0-9a-z]+)$',
});

/** How much of one open message the client has: `to` counts UTF-16 code units of the whole text. */
export const OpenText = closed({
  messageId: Type.String({ minLength: 1, maxLength: 64 }),
  to: Type.Integer({ minimum: 0 }),
});
export type OpenText = Static<typeof OpenText>;

/** Where a client stands in one topic. Not a credential: scopes are checked anew at each subscription. */
export const Cursor = closed({
  epoch: Type.String({ minLength: 1, maxLength: 64 }),
  seq: Type.Integer({ minimum: 0 }),
  open: Type.Optional(Type.Array(OpenText, { maxItems: 64 })),
});
export type Cursor = Static<typeof Cursor>;

/** Without `after` all that is still kept is replayed. */
export const SubscribeParams = closed({ topic: Topic, after: Type.Optional(Cursor) });
export type SubscribeParams = Static<typeof SubscribeParams>;

/**
 * The answer is the seam: before it come, on the same socket, what is missing of the texts that the cursor names, then
 * the missed state events in order, each `text-start` followed by its text so far as one delta; after it everything is
 * live. In this order a replay that is cut has still brought the client on. `seq` is the newest event at the seam;
 * numbers skipped in the replay are events that this caller may not see.
 */
export const SubscribeResult = closed({ topic: Topic, epoch: Type.String(), seq: Type.Integer({ minimum: 0 }) });
export type SubscribeResult = Static<typeof SubscribeResult>;

export const UnsubscribeParams = closed({ topic: Topic });
export type UnsubscribeParams = Static<typeof UnsubscribeParams>;

/** Ends a call that is still running; its answer is then CANCELLED, or the outcome if that was already durable. */
export const CancelParams = closed({ id: Type.Union([Type.Integer(), Type.String({ maxLength: 64 })]) });
export type CancelParams = Static<typeof CancelParams>;
