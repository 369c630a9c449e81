import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthGguf, TINY } from '../../scripts/synth-gguf.ts';
import type { ModelRecord } from '../../src/inference/index.ts';

/** The synthetic model of the tests as a catalogue record, and a directory that holds its file and nothing else. */
export function tinyModel(): { record: ModelRecord; directory: string; path: string } {
  const content = synthGguf(TINY);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const directory = join(tmpdir(), `jingu-tiny-${sha256.slice(0, 16)}`);
  const path = join(directory, 'tiny.gguf');
  if (!existsSync(path)) {
    mkdirSync(directory, { recursive: true });
    // Test files run side by side: whoever comes first gives the name.
    const own = `${path}.${process.pid}`;
    writeFileSync(own, content);
    renameSync(own, path);
  }
  const record: ModelRecord = {
    id: 'tiny',
    name: 'Random weights, two layers',
    file: 'tiny.gguf',
    bytes: content.length,
    sha256,
    licence: 'Apache-2.0',
    dialect: 'chatml',
    trainedTokens: TINY.contextTokens,
    contextTokens: 2048,
    sequences: 3,
    kvBytesPerToken: 2 * TINY.layers * (TINY.width / TINY.heads) * TINY.kvHeads * 2,
    origin: 'catalogue',
    sources: [],
  };
  return { record, directory, path };
}
