import { closed, type Static, Type } from '../protocol/index.ts';

const Seq = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const Hash = Type.String({ minLength: 44, maxLength: 44 });

export const HeadSchema = closed({
  origin: Type.String(),
  size: Seq,
  root: Hash,
  note: Type.String(),
  at: Type.Integer(),
  verifier: Type.String(),
  records: Seq,
});

export const ConsistencyInput = closed({ from: Seq, to: Seq });
export const ConsistencyOutput = closed({ from: Seq, to: Seq, proof: Type.Array(Hash, { maxItems: 128 }) });

export const ListInput = closed({
  before: Type.Optional(Seq),
  type: Type.Optional(Type.String({ minLength: 1, maxLength: 80 })),
  max: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
});
export const EntrySchema = closed({
  seq: Seq,
  ts: Type.Integer(),
  type: Type.String(),
  actor: Type.Unknown(),
  policyHash: Type.Union([Type.String(), Type.Null()]),
  body: Type.Record(Type.String(), Type.Unknown()),
  leaf: Hash,
});
export const ListOutput = closed({ records: Type.Array(EntrySchema), next: Type.Union([Seq, Type.Null()]) });

export const VerifyInput = closed({
  checkpoints: Type.Optional(Type.Array(Type.String({ maxLength: 4096 }), { maxItems: 64 })),
});
export const VerifyOutput = closed({
  verdict: Type.Union([Type.Literal('intact'), Type.Literal('broken'), Type.Literal('incomplete')]),
  origin: Type.Union([Type.String(), Type.Null()]),
  firstBad: Type.Union([Type.Integer(), Type.Null()]),
  problems: Type.Array(closed({ seq: Type.Integer(), what: Type.String() })),
  missing: Type.Array(Type.String()),
  from: Type.Integer(),
  to: Type.Integer(),
  root: Type.Union([Type.String(), Type.Null()]),
  checkpoints: Type.Integer(),
  signedTo: Type.Integer(),
  keys: Type.Array(Type.String()),
  anchored: Type.Boolean(),
  openIntents: Type.Array(closed({ seq: Type.Integer(), callId: Type.String() })),
  clockMoves: Type.Array(closed({ seq: Type.Integer(), from: Type.Integer(), to: Type.Integer() })),
});

export const ProveInput = closed({ seq: Seq });
export const ProveOutput = closed({
  seq: Seq,
  index: Type.Integer({ minimum: 0 }),
  leaf: Hash,
  record: EntrySchema,
  prev: Hash,
  proof: Type.Array(Hash, { maxItems: 64 }),
  tlogProof: Type.String(),
});

export const ExportInput = closed({
  from: Type.Optional(Seq),
  to: Type.Optional(Seq),
  into: Type.Optional(Type.Union([Type.Literal('text'), Type.Literal('file')])),
});
export const ExportOutput = closed({
  from: Seq,
  to: Seq,
  bytes: Type.Integer({ minimum: 0 }),
  sha256: Type.String({ minLength: 64, maxLength: 64 }),
  text: Type.Optional(Type.String()),
  path: Type.Optional(Type.String()),
  next: Type.Union([Seq, Type.Null()]),
});
export type ExportResult = Static<typeof ExportOutput>;
