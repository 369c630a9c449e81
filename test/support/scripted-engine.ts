import { readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { serveGuest } from '../../src/guest/index.ts';
import type { GenerateParams, GeneratePart, GenerateResult } from '../../src/inference/engine/messages.ts';

/**
 * An engine guest whose answers are written down: given to the daemon with `--engine-program`. The model file holds,
 * after the four bytes `GGUF`, where the answers are. The first rule whose `when` is found in the prompt, all of it,
 * whose pattern `like` fits it, and whose `opening` is found in how the answer must begin, gives the answer: `parts` (with
 * `$1`, `$2` for what `like` found), or `copy`, a line of the prompt that holds some words, changed or not, as the inside of a JSON string. `hold` keeps it from ending until it
 * is cancelled. Without a rule it answers `fallback`.
 */
interface Script {
  rules: {
    when: string | string[];
    like?: string;
    opening?: string;
    parts?: string[];
    copy?: { of: string; change?: [from: string, to: string]; lead?: string; tail: string };
    hold?: boolean;
  }[];
  fallback: string;
}

let script: Script = { rules: [], fallback: 'ok' };
const counters = { running: 0, cancelled: 0 };

function promptText(params: GenerateParams): string {
  return 'text' in params.prompt ? params.prompt.text : params.prompt.messages.map((m) => m.content).join('\n');
}

/** What the answer must begin with: the text before the first choice of its grammar. */
function openingOf({ opening, grammar }: GenerateParams): string {
  const { root } = (grammar ?? {}) as { root?: { kind: string; parts?: { kind: string; text?: string }[] } };
  const parts = root?.kind === 'sequence' ? (root.parts ?? []) : [];
  const end = parts.findIndex((one) => one.kind !== 'text');
  const leading = parts.slice(0, end < 0 ? parts.length : end);
  return opening ?? leading.map((one) => one.text ?? '').join('');
}

function copied(prompt: string, { of, change, lead = '', tail }: NonNullable<Script['rules'][number]['copy']>): string {
  const line = prompt.split('\n').find((one) => one.includes(of)) ?? '';
  return lead + JSON.stringify(change ? line.replace(...change) : line).slice(1, -1) + tail;
}

async function generate(
  params: GenerateParams,
  signal: AbortSignal,
  part: (part: GeneratePart) => void,
): Promise<GenerateResult> {
  const prompt = promptText(params);
  const forced = openingOf(params);
  const rule = script.rules.find(
    ({ when, like, opening }) =>
      [when].flat().every((words) => prompt.includes(words)) &&
      (like === undefined || new RegExp(like).test(prompt)) &&
      (opening === undefined || forced.includes(opening)),
  );
  const found = rule?.like === undefined ? null : new RegExp(rule.like).exec(prompt);
  counters.running++;
  try {
    part({ type: 'start', promptTokens: prompt.length, cachedTokens: 0 });
    let text = '';
    // An answer that begins as it must is whole; any other is what follows the opening.
    if (forced && (rule?.parts?.[0] ?? '')[0] !== forced[0]) {
      text = forced;
      part({ type: 'text', text });
    }
    const parts = rule?.parts?.map((part) => part.replaceAll(/\$(\d)/g, (_, n: string) => found?.[Number(n)] ?? ''));
    for (const piece of parts ?? [rule?.copy ? copied(prompt, rule.copy) : script.fallback]) {
      signal.throwIfAborted();
      text += piece;
      part({ type: 'text', text: piece });
    }
    if (rule?.hold) {
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      counters.cancelled++;
      signal.throwIfAborted();
    }
    const usage = { promptTokens: prompt.length, cachedTokens: 0, completionTokens: text.length };
    return { text, finish: 'stop', usage, timing: { queueMs: 0, firstTokenMs: 0, totalMs: 0, promptMs: 0 } };
  } finally {
    counters.running--;
  }
}

serveGuest({
  methods: {
    load: async ({
      file,
      contextTokens,
      sequences,
      threads,
    }: {
      file: string;
      contextTokens: number;
      sequences: number;
      threads: number;
    }) => {
      const { answers } = JSON.parse(readFileSync(file).subarray(4).toString('utf8')) as { answers: string };
      const read = () => {
        script = JSON.parse(readFileSync(answers, 'utf8')) as Script;
      };
      read();
      // A test may write a new script while the model stays loaded.
      watch(dirname(answers), () => {
        try {
          read();
        } catch {
          // Half-written: the next change brings the whole.
        }
      }).unref();
      return { contextTokens, sequences, threads, loadMs: 1, vocabulary: 100, architecture: 'scripted' };
    },
    generate: (params: GenerateParams, { signal, part }) => generate(params, signal, (p) => void part(p)),
    count: (params: { prompt: GenerateParams['prompt'] }) => ({
      promptTokens: promptText({ prompt: params.prompt } as GenerateParams).length,
      contextTokens: 32_768,
    }),
    stats: () => ({
      ...counters,
      queued: 0,
      ticks: 0,
      overruns: 0,
      promptTokens: 0,
      cachedTokens: 0,
      completionTokens: 0,
      maxTickMs: 0,
      lastTickMs: 0,
      rssBytes: process.memoryUsage.rss(),
      sequences: [],
    }),
    drain: () => null,
  },
});
