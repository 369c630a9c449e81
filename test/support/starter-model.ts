import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CATALOGUE, STARTER_MODEL } from '../../src/inference/index.ts';

/** Where the starter model lies, or `undefined`. Its digest is checked by whoever loads it. */
export function starterModel(): { directory: string; path: string } | undefined {
  const { file, bytes } = CATALOGUE.find(({ id }) => id === STARTER_MODEL)!;
  const cache = process.env['JINGU_CACHE'] || join(homedir(), '.cache', 'jingu');
  for (const directory of [process.env['JINGU_MODELS'], join(cache, 'models')]) {
    if (!directory) continue;
    const path = join(directory, file);
    if (statSync(path, { throwIfNoEntry: false })?.size === bytes) return { directory, path };
  }
  return undefined;
}
