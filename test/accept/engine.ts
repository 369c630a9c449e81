/**
 * The engine guest with the real starter model: load, answer, reuse, cancel, kill, reload, and files that are not the
 * ones on record. Times are printed for the reader and decide nothing, except that a cancel takes no longer than a tick.
 */
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isJinguError, silentLogger, systemClock } from '../../src/common/index.ts';
import { Supervisor } from '../../src/guest/index.ts';
import { chat } from '../../src/inference/chat.ts';
import { type CompleteRequest, type GeneratePart, Inference, inferenceMigrations } from '../../src/inference/index.ts';
import { Store } from '../../src/store/index.ts';
import { Checks } from '../support/checks.ts';
import { deviceCaller } from '../support/device-caller.ts';
import { starterModel } from '../support/starter-model.ts';

const starter = starterModel();
if (!starter) {
  console.log('UNAVAILABLE: no real model (the starter model is not in JINGU_MODELS nor in the cache)');
  process.exit(77);
}

const checks = new Checks();
const folder = mkdtempSync(join(tmpdir(), 'jingu-engine-'));
const supervisor = new Supervisor({ clock: systemClock, log: silentLogger });
const store = new Store({ directory: join(folder, 'data'), migrations: inferenceMigrations, log: silentLogger });

function room(directory: string): Inference {
  return new Inference({
    db: store,
    clock: systemClock,
    log: silentLogger,
    host: supervisor,
    events: { emit() {} },
    modelDirectory: join(folder, 'models'),
    otherDirectories: [directory],
  });
}

const inference = room(starter.directory);
const record = inference.models.resolve(undefined);
const slot = inference.models.slot(record);

const caller = (personId: string) => deviceCaller(personId, { scopes: ['infer'] });

const never = new AbortController().signal;

function ask(
  content: string,
  more: Partial<CompleteRequest> & { system?: string; who?: string; signal?: AbortSignal } = {},
  onPart: (part: GeneratePart) => void = () => {},
) {
  const { system, who = 'a', signal = never, ...request } = more;
  const messages = [
    ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
    { role: 'user' as const, content },
  ];
  return inference.complete(caller(who), { prompt: { messages }, maxTokens: 24, ...request }, { signal, onPart });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'no error';
  } catch (error) {
    return isJinguError(error) ? error.code : String(error);
  }
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
const lines = [
  'Lunch: 11:30 to 12:30, first floor',
  'Coffee machine: 2 CNY a cup, ask Sun Lei for change',
  '打印机在三楼,卡纸请找吴丹',
  'Parking: yard B, Monday to Friday',
];
const handbook = `You answer about this handbook.\n\n${lines.join('\n')}\n${Array.from(
  { length: 40 },
  (_, i) => `Room ${100 + i} holds ${4 + (i % 9)} people and is cleaned at ${14 + (i % 5)}:00.`,
).join('\n')}`;

let first = '';
await checks.check('the model is vouched for, loaded and answers sensibly', async () => {
  const { loadMs, contextTokens, sequences, threads } = await slot.load();
  const { text, finish, zone } = await ask('What is the capital of France? One word.');
  first = text;
  console.log(
    `     loaded in ${seconds(loadMs)}: ${sequences} x ${contextTokens} tokens, ${threads} thread(s); "${text}"`,
  );
  return /Paris/.test(text) && finish === 'stop' && zone === 'box';
});

await checks.check('the same question gets the same answer', async () => {
  return (await ask('What is the capital of France? One word.')).text === first;
});

await checks.check('a beginning it has read before costs nothing', async () => {
  const cold = await ask('On which floor is lunch?', { system: handbook, prefixKey: 'handbook' });
  await ask('Say hi.', { who: 'b' });
  const started = performance.now();
  const warm = await ask('How much is a coffee?', { system: handbook, prefixKey: 'handbook' });
  const { promptTokens, cachedTokens } = warm.usage;
  console.log(
    `     ${cachedTokens} of ${promptTokens} tokens were warm, answer in ${seconds(performance.now() - started)}`,
  );
  return cold.usage.cachedTokens < 50 && cachedTokens > 0.95 * cold.usage.promptTokens - 40 && /2/.test(warm.text);
});

await checks.check('an answer held to choices is one of them, and the right one', async () => {
  const { text } = await ask('打印机在哪里?Copy the line that says it.', {
    system: handbook,
    prefixKey: 'handbook',
    grammar: { kind: 'choices', choices: lines },
    maxTokens: 80,
  });
  return text === lines[2];
});

await checks.check('an answer held to a schema fits it', async () => {
  const schema = {
    type: 'object',
    properties: { old: { enum: lines }, new: { type: 'string', maxLength: 120 } },
    required: ['old', 'new'],
    additionalProperties: false,
  };
  const { text } = await ask('A cup of coffee now costs 3 CNY. Give the old line and the new line.', {
    system: handbook,
    prefixKey: 'handbook',
    grammar: { kind: 'json', schema },
    maxTokens: 160,
  });
  console.log(`     ${text}`);
  // Which line it picks is the agent's matter; that it is one of them and valid is the engine's.
  return lines.includes((JSON.parse(text) as { old: string }).old);
});

await checks.check('a client gets its tools called in a form it can read', async () => {
  const tools = [
    {
      name: 'weather',
      description: 'Weather of a city',
      parameters: { type: 'object', properties: { city: { enum: ['Paris', 'Rome'] } }, required: ['city'] },
    },
  ];
  const messages = [{ role: 'user' as const, content: 'How is the weather in Rome?' }];
  const answer = await chat(
    inference,
    caller('a'),
    { messages, tools, toolChoice: 'required', maxTokens: 60 },
    { signal: never, onText: () => {} },
  );
  return answer.finish === 'tool-calls' && answer.toolCalls[0]?.arguments === '{"city":"Rome"}' && answer.text === '';
});

await checks.check('a cancel during a long prompt takes effect within one tick', async () => {
  const abort = new AbortController();
  let abortedAt = 0;
  const code = await codeOf(
    ask(handbook.repeat(3), { signal: abort.signal, who: 'c' }, (part) => {
      if (part.type !== 'prefill' || abortedAt > 0) return;
      abortedAt = performance.now();
      abort.abort();
    }),
  );
  const took = performance.now() - abortedAt;
  const stats = (await slot.stats())!;
  console.log(
    `     ${took.toFixed(0)} ms after the abort; the slowest tick so far took ${stats.maxTickMs.toFixed(0)} ms`,
  );
  return code === 'CANCELLED' && took <= stats.maxTickMs + 250;
});

await checks.check('a short question is answered while a long prompt is being read', async () => {
  const abort = new AbortController();
  let longDone = 0;
  let reading: () => void = () => {};
  const begun = new Promise<void>((resolve) => {
    reading = resolve;
  });
  const long = ask(handbook.repeat(4), { signal: abort.signal, who: 'heavy' }, (part) => {
    if (part.type === 'prefill') {
      longDone = part.done;
      reading();
    }
  });
  const ended = codeOf(long);
  await begun;
  const started = performance.now();
  const short = await ask('Say hi.', { who: 'light', maxTokens: 3 });
  console.log(`     answered in ${seconds(performance.now() - started)}, ${longDone} tokens of the long one were read`);
  abort.abort();
  await ended;
  return short.usage.completionTokens > 0 && longDone < 4 * 1000;
});

await checks.check('killed with SIGKILL: the running request gets a typed error that may be retried', async () => {
  const pid = slot.pid!;
  const running = codeOf(
    ask('Write a long story about a monkey.', { maxTokens: 400 }, (part) => {
      if (part.type === 'text') {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // Dead already: later words of the same answer.
        }
      }
    }),
  );
  return (await running) === 'ENGINE_RESTARTING' && slot.state !== 'warm';
});

await checks.check('and the next request loads it again and gets the same answer as before', async () => {
  const started = performance.now();
  const { text } = await ask('What is the capital of France? One word.');
  console.log(`     back after ${seconds(performance.now() - started)}`);
  return text === first;
});

await inference.stop();

for (const [how, harm] of [
  [
    'one flipped byte and its old times',
    (path: string) => {
      const { atime, mtime } = statSync(path);
      const file = openSync(path, 'r+');
      writeSync(file, Buffer.from([0x5a]), 0, 1, 600_000_000);
      closeSync(file);
      utimesSync(path, atime, mtime);
    },
  ],
  ['its end cut off', (path: string) => truncateSync(path, 900_000_000)],
] as const) {
  await checks.check(`a file with ${how} is refused and never reaches the engine`, async () => {
    const directory = mkdtempSync(join(folder, 'copy-'));
    const path = join(directory, record.file);
    copyFileSync(starter.path, path);
    harm(path);
    const other = room(directory);
    try {
      const code = await codeOf(other.models.slot(record).load());
      const { state } = await other.models.view(record);
      return code === 'MODEL_ALTERED' && state === 'altered' && other.models.slot(record).pid === null;
    } finally {
      await other.stop();
      rmSync(directory, { recursive: true });
    }
  });
}

await checks.check('without any model the answer says how to get one', async () => {
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  const none = room(empty);
  const { state } = await none.models.view(record);
  const code = await codeOf(none.models.slot(record).load());
  await none.stop();
  return state === 'absent' && code === 'MODEL_NOT_READY';
});

await inference.stop();
await supervisor.stop();
await store.close();
rmSync(folder, { recursive: true, force: true });
process.exitCode = checks.end();
