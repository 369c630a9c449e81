import { closed, type Static, Type, Version } from './schema.ts';

/** Whose hand a version is of, as a history tells it. */
export const VersionBy = closed({
  kind: Type.String(),
  personId: Type.Union([Type.String(), Type.Null()]),
  agent: Type.Union([Type.String(), Type.Null()]),
  taskId: Type.Union([Type.String(), Type.Null()]),
});
export type VersionBy = Static<typeof VersionBy>;

/** Versions that people think of as one: what a task did, or what one hand did without a longer pause. */
export const VersionGroup = closed({
  /** Oldest and newest version of it. */
  from: Version,
  to: Version,
  /** Times of those two. */
  at: Type.Integer(),
  until: Type.Integer(),
  by: VersionBy,
  sources: Type.Array(Type.String()),
  notes: Type.Array(Type.String()),
  added: Type.Integer(),
  removed: Type.Integer(),
  /** How many of them are taken back. */
  undone: Type.Integer(),
  tags: Type.Array(Type.String()),
});
export type VersionGroup = Static<typeof VersionGroup>;
