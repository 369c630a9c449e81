import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyOperation } from '../../src/protocol/index.ts';

/** May be taken apart and handed on; whoever calls into it while declaring gets a plain error. */
const NO_ROOM: unknown = new Proxy({}, { get: () => NO_ROOM });

/**
 * Every operation of every room, sorted by id. A room's index exports its factories as `…Operations`; they touch their
 * room only when a handler runs, so they can be called with one that is nothing.
 */
export async function collectOperations(root: string): Promise<AnyOperation[]> {
  const found = new Map<string, AnyOperation>();
  for (const room of readdirSync(join(root, 'src')).sort()) {
    // The page and the command are clients; the daemon's index would be its composition.
    const index = ['index.ts', 'operations.ts'].map((name) => join(root, 'src', room, name)).find(existsSync);
    if (!index || ['client', 'web', 'cli'].includes(room)) continue;
    const exports = (await import(pathToFileURL(index).href)) as Record<string, unknown>;
    for (const [name, factory] of Object.entries(exports)) {
      if (!/[a-z]Operations$/.test(name) || typeof factory !== 'function') continue;
      const operations = factory(NO_ROOM) as AnyOperation[];
      if (!Array.isArray(operations)) throw new Error(`${room}: ${name} does not give operations`);
      for (const operation of operations) {
        if (found.has(operation.id)) throw new Error(`${operation.id} is declared twice, once in ${room}`);
        found.set(operation.id, operation);
      }
    }
  }
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
