import type { VersionBy, VersionGroup } from '../../protocol/index.ts';

/** One version as `doc.log` tells of it. */
export interface Version {
  version: number;
  at: number;
  tags: string[];
}

/** Versions that belong together. */
export type Group = VersionGroup;

/** Which kind of hand it was; names of people are not part of a history. */
export function handOf({ kind, agent }: Pick<VersionBy, 'kind' | 'agent'>): 'agent' | 'share' | 'person' {
  if (agent !== null || kind === 'agent') return 'agent';
  return kind === 'internal' ? 'share' : 'person';
}
