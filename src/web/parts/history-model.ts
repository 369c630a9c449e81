/** One version as `doc.log` tells of it. */
export interface Version {
  version: number;
  at: number;
  tags: string[];
}

export interface By {
  kind: string;
  agent: string | null;
  taskId: string | null;
}

/** Versions that belong together: what a task did, or one hand without a longer pause. */
export interface Group {
  from: number;
  to: number;
  at: number;
  until: number;
  by: By;
  sources: string[];
  notes: string[];
  added: number;
  removed: number;
  undone: number;
  tags: string[];
}

/** Which kind of hand it was; names of people are not part of a history. */
export function handOf({ kind, agent }: By): 'agent' | 'share' | 'person' {
  if (agent !== null || kind === 'agent') return 'agent';
  return kind === 'internal' ? 'share' : 'person';
}
