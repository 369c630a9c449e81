import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parsePairingLink } from '../../src/protocol/index.ts';
import { LiveBox } from '../../test/support/live-box.ts';
import { pairDevice } from '../../test/support/paired.ts';
import { pinnedFetch } from '../../test/support/pinned-fetch.ts';
import { starterModel } from '../../test/support/starter-model.ts';
import { PROBE } from './door.ts';
import { type Figure, figure, median, unavailable } from './figure.ts';

const ROUNDS = 3;
const TOKENS = 48;
const QUESTION = 'Count from 1 to 100 in words, one number a line.';
const NAMES = {
  delay: { name: 'loop delay of the core while the model loads and generates, p99', unit: 'ms', below: 50 },
  first: { name: 'first token of the starter model', unit: 'ms' },
  speed: { name: 'tokens per second of the starter model', unit: 'tokens/s' },
} as const;

interface Run {
  firstTokenMs: number;
  decodeMs: number;
  tokens: number;
}

/**
 * The starter model as an office program uses it, `/v1` over TLS of the real daemon, taking turns with the same file
 * driven by node-llama-cpp alone: same context, threads and texts. The delay is that of the daemon's own event loop.
 */
export async function measureModel(): Promise<Figure[]> {
  const starter = starterModel();
  if (!starter) {
    const note = 'the starter model is neither in JINGU_MODELS nor in the cache';
    return Object.values(NAMES).map((about) => unavailable({ ...about, note }));
  }
  await using box = await LiveBox.start({ main: PROBE, models: starter.directory });
  // A socket that is open meanwhile, as there is one in use.
  const { client } = await pairDevice(box);
  await client.connect();
  const { models } = await box.run<{ models: { id: string }[] }>('model.list');
  await box.run('probe.loop');
  const { contextTokens } = await box.run<{ contextTokens: number }>('model.load', { id: models[0]!.id });
  const ask = await overV1(box);
  await ask('warm up', 'Say hi.');

  const plain = fork(join(import.meta.dirname, 'plain-engine.ts'), [
    starter.path,
    String(contextTokens + 1),
    // The box says in its log how many it took.
    /"threads":(\d+)/.exec(box.stderr)![1]!,
  ]);
  const runs: { ours: Run; alone: Run }[] = [];
  let loop = { p50: 0, p99: 0, max: 0 };
  try {
    await once(plain, 'message');
    const alone = async (system: string, user: string): Promise<Run> => {
      plain.send({ system, user, maxTokens: TOKENS });
      const [run] = (await once(plain, 'message')) as [Run];
      return run;
    };
    await alone('warm up', 'Say hi.');
    for (let round = 0; round < ROUNDS; round++) {
      const text = rooms(round);
      runs.push({ ours: await ask(text, QUESTION), alone: await alone(text, QUESTION) });
    }
    loop = await box.run<typeof loop>('probe.loop');
  } finally {
    client.close();
    plain.disconnect();
    await once(plain, 'exit');
  }
  const beside = 'node-llama-cpp alone';
  const both = (pick: (run: Run) => number) => ({
    value: median(runs.map(({ ours }) => pick(ours))),
    beside: { what: beside, value: median(runs.map(({ alone }) => pick(alone))) },
  });
  return [
    figure({
      ...NAMES.delay,
      value: loop.p99,
      note: `p50 ${loop.p50.toFixed(1)}, max ${loop.max.toFixed(1)}, sampled each ms`,
    }),
    figure({ ...NAMES.first, ...both((run) => run.firstTokenMs), note: `about 400 new tokens of prompt, over /v1` }),
    figure({ ...NAMES.speed, ...both((run) => ((run.tokens - 1) / run.decodeMs) * 1000) }),
  ];
}

/** Streams one answer of `/v1/chat/completions` and times its pieces. */
async function overV1(box: LiveBox): Promise<(system: string, user: string) => Promise<Run>> {
  const { secret } = await box.run<{ secret: string }>('token.create', { name: 'bench', days: 1 });
  const fetch = pinnedFetch(parsePairingLink(box.link)!.spki);
  return async (system, user) => {
    const from = performance.now();
    const answer = await fetch(`https://${box.address}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'auto',
        temperature: 0,
        max_tokens: TOKENS,
        stream: true,
        stream_options: { include_usage: true },
        messages: [
          { role: 'system', content: system },
          { role: 'user', content: user },
        ],
      }),
    });
    if (!answer.ok) throw new Error(`/v1 answered ${answer.status}: ${await answer.text()}`);
    let firstAt = 0;
    let text = '';
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (/"content":"[^"]/.test(text)) firstAt ||= performance.now();
    }
    const tokens = Number(/"completion_tokens":(\d+)/.exec(text)?.[1]);
    return { firstTokenMs: firstAt - from, decodeMs: performance.now() - firstAt, tokens };
  };
}

/** About 400 tokens that begin differently each round, so that nothing of them is warm. */
function rooms(round: number): string {
  const lines = Array.from(
    { length: 14 },
    (_, i) =>
      `Edition ${round}: room ${i * 7 + round} is cleaned at ${8 + (i % 9)}:30 by ${i % 2 ? 'Wu Dan' : 'Sun Lei'}.`,
  );
  return `${lines.join('\n')}\nAnswer the question.`;
}
