import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { silentLogger, systemClock } from '../../src/common/index.ts';
import { Supervisor } from '../../src/guest/index.ts';
import { Inference, inferenceMigrations } from '../../src/inference/index.ts';
import { type Caller, PERSON } from '../../src/protocol/index.ts';
import { Store } from '../../src/store/index.ts';
import { starterModel } from '../../test/support/starter-model.ts';

interface Pair {
  ours: number;
  alone: number;
  /** Ours over theirs. */
  ratio: number;
}

interface Delay {
  p50: number;
  p99: number;
  max: number;
}

export interface EngineFigures {
  model: string;
  threads: number;
  promptTokens: number;
  rounds: number;
  loadMs: Pair;
  firstTokenMs: Pair;
  tokensPerSecond: Pair;
  /** Processor time of the engine's process for a whole answer, in milliseconds: steadier than the clock. */
  cpuMs: Pair;
  /** A second question about the same text: what a warm beginning saves. */
  warmFirstTokenMs: number;
  /** Event loop of this process, which stands for the core: in milliseconds. */
  loopDelayMs: { load: Delay; generate: Delay };
  engineRssMb: number;
}

interface Run {
  cpuMs?: number;
  firstTokenMs: number;
  decodeMs: number;
  tokens: number;
}

const ROUNDS = 3;
const TOKENS = 48;

/**
 * Speed of the starter model through our guest and through node-llama-cpp alone: the same file, context, threads and
 * texts, taking turns, medians. `undefined` where the model is not there.
 */
export async function measureEngine(): Promise<EngineFigures | undefined> {
  const starter = starterModel();
  if (!starter) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'jingu-bench-engine-'));
  const supervisor = new Supervisor({ clock: systemClock, log: silentLogger });
  const store = new Store({ directory: folder, migrations: inferenceMigrations, log: silentLogger });
  const inference = new Inference({
    db: store,
    clock: systemClock,
    log: silentLogger,
    host: supervisor,
    events: { emit() {} },
    modelDirectory: join(folder, 'models'),
    otherDirectories: [starter.directory],
  });
  try {
    return await measure(inference, starter.path);
  } finally {
    await inference.stop();
    await supervisor.stop();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(inference: Inference, path: string): Promise<EngineFigures> {
  const record = inference.models.resolve(undefined);
  const slot = inference.models.slot(record);
  // Hashed before, as on every start but the first: the load alone is compared.
  await inference.files.digest(path);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const facts = await slot.load();
  const load = read(delay);

  // A session of its own, as the guest has one: with autogroups (sched(7)) each session gets the same share of the
  // processor, and what else runs beside the benchmark would count against one of the two only.
  const plain = fork(
    new URL('./plain-engine.ts', import.meta.url),
    [path, String(facts.contextTokens + 1), String(facts.threads)],
    { detached: true },
  );
  const [{ loadMs }] = (await once(plain, 'message')) as [{ loadMs: number }];
  const alone = async (system: string, user: string): Promise<Run> => {
    plain.send({ system, user, maxTokens: TOKENS });
    const [run] = (await once(plain, 'message')) as [Run];
    return run;
  };
  let promptTokens = 0;
  const ours = async (system: string, user: string): Promise<Run> => {
    const started = performance.now();
    let firstAt = 0;
    const messages = [
      { role: 'system' as const, content: system },
      { role: 'user' as const, content: user },
    ];
    const { usage } = await inference.complete(
      CALLER,
      { prompt: { messages }, maxTokens: TOKENS },
      {
        signal: new AbortController().signal,
        onPart: (part) => {
          if (part.type === 'text') firstAt ||= performance.now();
        },
      },
    );
    promptTokens = usage.promptTokens;
    return {
      firstTokenMs: firstAt - started,
      decodeMs: performance.now() - firstAt,
      tokens: usage.completionTokens,
    };
  };

  const runs: { ours: Run; alone: Run }[] = [];
  let generate: Delay = { p50: 0, p99: 0, max: 0 };
  let warm = 0;
  try {
    await ours('warm up', 'Say hi.');
    await alone('warm up', 'Say hi.');
    delay.reset();
    for (let round = 0; round < ROUNDS; round++) {
      const text = document(round);
      runs.push({
        ours: await withCpu(slot.pid, () => ours(text, QUESTION)),
        alone: await withCpu(plain.pid, () => alone(text, QUESTION)),
      });
    }
    generate = read(delay);
    warm = (await ours(document(ROUNDS - 1), 'Count from 5 to 90 in words.')).firstTokenMs;
  } finally {
    delay.disable();
    plain.disconnect();
    await once(plain, 'exit');
  }

  // An answer that ended early says nothing about speed.
  const short = runs.flatMap((run) => [run.ours, run.alone]).find(({ tokens }) => tokens < TOKENS);
  if (short) throw new Error(`an answer ended after ${short.tokens} of ${TOKENS} tokens`);
  const of = (pick: (run: Run) => number) =>
    pair(median(runs.map((run) => pick(run.ours))), median(runs.map((run) => pick(run.alone))));
  const stats = await slot.stats();
  return {
    model: record.id,
    threads: facts.threads,
    promptTokens,
    rounds: ROUNDS,
    loadMs: pair(facts.loadMs, loadMs),
    firstTokenMs: of((run) => run.firstTokenMs),
    tokensPerSecond: of((run) => ((run.tokens - 1) / run.decodeMs) * 1000),
    cpuMs: of((run) => run.cpuMs ?? 0),
    warmFirstTokenMs: round(warm),
    loopDelayMs: { load, generate },
    engineRssMb: Math.round((stats?.rssBytes ?? 0) / 2 ** 20),
  };
}

const QUESTION = 'Count from 1 to 100 in words, one number a line.';

/** About 300 tokens that begin differently each round, so that nothing is warm. */
function document(round: number): string {
  const lines = Array.from(
    { length: 14 },
    (_, i) =>
      `Edition ${round}: room ${i * 7 + round} is cleaned at ${8 + (i % 9)}:30 by ${i % 2 ? 'Wu Dan' : 'Sun Lei'}.`,
  );
  return `${lines.join('\n')}\nAnswer the question.`;
}

const CALLER: Caller = {
  kind: 'device',
  surface: 'ws',
  personId: 'bench',
  personName: 'bench',
  deviceId: null,
  sessionId: null,
  agent: null,
  taskId: null,
  roles: [],
  scopes: [],
  deviceClass: 'native',
  label: PERSON,
  locale: 'en',
  epoch: 0,
};

async function withCpu(pid: number | null | undefined, run: () => Promise<Run>): Promise<Run> {
  const before = cpuMsOf(pid);
  const done = await run();
  return { ...done, cpuMs: cpuMsOf(pid) - before };
}

/** User and system time of a process (proc(5), stat), at 100 ticks a second. */
function cpuMsOf(pid: number | null | undefined): number {
  if (!pid) return 0;
  // Behind the name in brackets, which may hold anything: field 14 and 15 of the line are 11 and 12 here.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function read(histogram: ReturnType<typeof monitorEventLoopDelay>): Delay {
  const ms = (nanoseconds: number) => round(nanoseconds / 1e6);
  return { p50: ms(histogram.percentile(50)), p99: ms(histogram.percentile(99)), max: ms(histogram.max) };
}

function pair(ours: number, alone: number): Pair {
  return { ours: round(ours), alone: round(alone), ratio: round(ours / alone) };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
