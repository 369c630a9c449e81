/** The only SQL of the room. */
export * from './files.ts';
export * from './leaves.ts';
export * from './names.ts';
export * from './ops.ts';
export * from './packs.ts';
export * from './points.ts';
export * from './projections.ts';
export * from './sames.ts';
export * from './schema.ts';
export * from './sides.ts';
export * from './space.ts';
export * from './thinning.ts';
export * from './trees.ts';
export * from './words.ts';
export * from './workspaces.ts';
