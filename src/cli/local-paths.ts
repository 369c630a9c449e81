import { resolve } from 'node:path';

/** Members that name something on this machine: what the person typed is meant from where the person stands. */
const LOCAL: Record<string, readonly string[]> = {
  'workspace.add': ['root'],
  'model.import': ['file'],
  'backup.create': ['directory'],
  'backup.list': ['directory'],
  'backup.verify': ['directory'],
};

/** The input with those made absolute. */
export function withLocalPaths(operation: string, input: Record<string, unknown>): Record<string, unknown> {
  const members = (LOCAL[operation] ?? []).filter((name) => typeof input[name] === 'string');
  return { ...input, ...Object.fromEntries(members.map((name) => [name, resolve(input[name] as string)])) };
}
