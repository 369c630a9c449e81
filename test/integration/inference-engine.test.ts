import { copyFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger, systemClock } from '../../src/common/index.ts';
import { Supervisor } from '../../src/guest/index.ts';
import type { GeneratePart, Inference } from '../../src/inference/index.ts';
import type { CompleteRequest } from '../../src/inference/inference.ts';
import { deviceCaller } from '../support/device-caller.ts';
import { openRig, type Rig, rig } from '../support/inference-rig.ts';
import { tinyModel } from '../support/tiny-model.ts';

const tiny = tinyModel();
const supervisors: Supervisor[] = [];

afterEach(async () => {
  for (const supervisor of supervisors.splice(0)) await supervisor.stop();
});

async function box(more: Parameters<typeof rig>[0] = {}): Promise<Rig> {
  const host = new Supervisor({ clock: systemClock, log: silentLogger });
  supervisors.push(host);
  return rig({ host, records: [tiny.record], otherDirectories: [tiny.directory], defaultModel: 'tiny', ...more });
}

const person = (id: string) => deviceCaller(id, { scopes: ['infer'] });

const never = new AbortController().signal;
const say = (content: string): CompleteRequest['prompt'] => ({ messages: [{ role: 'user', content }] });

function ask(inference: Inference, request: Partial<CompleteRequest> = {}, who = 'a', signal = never) {
  const parts: GeneratePart[] = [];
  const answer = inference.complete(
    person(who),
    { prompt: say('hello'), maxTokens: 12, ...request },
    { signal, onPart: (part) => void parts.push(part) },
  );
  return Object.assign(answer, { parts });
}

const slotOf = ({ inference }: Rig) => inference.models.slot(inference.models.resolve('tiny'));

describe('one loaded engine', () => {
  let b: Rig;
  const host = new Supervisor({ clock: systemClock, log: silentLogger });

  beforeAll(async () => {
    b = await openRig({ host, records: [tiny.record], otherDirectories: [tiny.directory], defaultModel: 'tiny' });
  });

  afterAll(async () => {
    await b.close();
    await host.stop();
    rmSync(b.folder, { recursive: true, force: true });
  });

  it('loads once for all who ask, answers the same each time, and its parts add up', async () => {
    const { inference, events } = b;
    const asks = ['a', 'b', 'c'].map((who) => ask(inference, {}, who));
    const answers = await Promise.all(asks);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    for (const [i, { parts }] of asks.entries()) {
      const text = parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
      expect(text).toBe(answers[i]!.text);
      expect(parts.filter(({ type }) => type === 'start')).toHaveLength(1);
      expect(parts[0]!.type).toBe('start');
    }
    expect(answers[0]).toMatchObject({
      finish: 'length',
      model: 'box/tiny',
      zone: 'box',
      usage: { completionTokens: 12 },
    });
    const states = events.filter(({ kind }) => kind === 'model-state').map(({ data }) => data['state']);
    expect(states).toEqual(['loading', 'warm']);
  });

  it('reports usage that adds up to its own counters', async () => {
    const before = await slotOf(b).stats();
    const answers = [];
    for (const text of ['one', 'two two', 'one more']) answers.push(await ask(b.inference, { prompt: say(text) }));
    const stats = await slotOf(b).stats();
    for (const name of ['promptTokens', 'cachedTokens', 'completionTokens'] as const) {
      expect(stats![name] - before![name]).toBe(answers.reduce((sum, { usage }) => sum + usage[name], 0));
    }
  });

  it('pays for a beginning it has seen only once', async () => {
    const { inference } = b;
    const document = 'Lunch is at noon on the first floor. '.repeat(20);
    const about = (question: string): CompleteRequest['prompt'] => ({
      messages: [
        { role: 'system', content: document },
        { role: 'user', content: question },
      ],
    });
    const cold = await ask(inference, { prompt: about('When?'), prefixKey: 'doc' });
    expect(cold.usage.cachedTokens).toBeLessThan(10);
    // Somebody else's request in between takes another sequence.
    await ask(inference, { prompt: say('something else') }, 'b');
    const warm = await ask(inference, { prompt: about('Where then?'), prefixKey: 'doc' });
    expect(warm.usage.cachedTokens).toBeGreaterThanOrEqual(document.length / 2);
    expect(warm.usage.promptTokens - warm.usage.cachedTokens).toBeLessThan(60);
  });

  it('writes valid answers under every grammar, with random weights', async () => {
    const { inference } = b;
    const choices = ['Lunch: 11:30', 'Lunch: 12:00', '五楼 "x"'];
    const chosen = await ask(inference, { grammar: { kind: 'choices', choices }, maxTokens: 60 });
    expect(choices).toContain(chosen.text);
    const schema = {
      type: 'object',
      properties: {
        line: { enum: choices },
        by: { type: 'integer', minimum: 0 },
        tags: { type: 'array', items: { type: 'boolean' }, maxItems: 3 },
        id: { type: 'string', format: 'uuid' },
      },
      required: ['line', 'by'],
    };
    for (const question of ['a', 'b', 'c', 'd']) {
      const { text } = await ask(inference, {
        prompt: say(question),
        grammar: { kind: 'json', schema },
        maxTokens: 200,
        temperature: 1,
        seed: question.charCodeAt(0),
      });
      expect(choices).toContain((JSON.parse(text) as { line: string }).line);
    }
    const gbnf = await ask(inference, { grammar: { kind: 'gbnf', text: 'root ::= [a-c] [a-c] "!"' } });
    expect(gbnf.text).toMatch(/^[a-c]{2}!$/);
    await expect(ask(inference, { grammar: { kind: 'gbnf', text: 'root ::= nothing' } })).rejects.toMatchObject({
      code: 'GRAMMAR_INVALID',
    });
  });

  it('refuses a prompt that does not fit, with the numbers, and shortens nothing', async () => {
    const { inference } = b;
    await expect(ask(inference, { prompt: say('x'.repeat(4000)) })).rejects.toMatchObject({
      code: 'PROMPT_TOO_LONG',
      details: { promptTokens: expect.any(Number), contextTokens: 2047, reserveTokens: 12 },
    });
  });

  it('ends at a stop text and says so', async () => {
    const { inference } = b;
    const { text } = await ask(inference, { maxTokens: 40 });
    const stop = [...text].slice(5, 8).join('');
    const stopped = await ask(inference, { maxTokens: 40, stop: [stop] });
    expect(stopped).toMatchObject({ text: text.slice(0, text.indexOf(stop)), finish: 'stop' });
  });

  it('cancels while it reads a prompt, and the next answer is untouched', async () => {
    const alone = await ask(b.inference, { prompt: say('calm') });
    const abort = new AbortController();
    const long = b.inference.complete(
      person('a'),
      { prompt: say('y'.repeat(1500)), maxTokens: 12 },
      {
        signal: abort.signal,
        onPart: (part) => {
          if (part.type === 'prefill') abort.abort();
        },
      },
    );
    const other = ask(b.inference, { prompt: say('calm') }, 'b');
    await expect(long).rejects.toMatchObject({ code: 'CANCELLED' });
    expect((await other).text).toBe(alone.text);
    const stats = await slotOf(b).stats();
    expect(stats).toMatchObject({ cancelled: 1, running: 0, queued: 0 });
    // It stopped at a tick edge: most of the prompt was never read.
    expect(Math.min(...stats!.sequences.map(({ tokens }) => tokens))).toBeLessThan(1500);
  });

  it('lets nobody queue without end', async () => {
    const { inference } = b;
    const asks = Array.from({ length: 9 }, () => ask(inference));
    const ended = await Promise.allSettled(asks);
    expect(ended.filter(({ status }) => status === 'rejected')).toMatchObject([{ reason: { code: 'RATE_LIMITED' } }]);
  });
});

describe('an engine', () => {
  it('killed: running requests get a retryable error, the next one loads it again', async () => {
    const b = await box();
    const before = await ask(b.inference);
    const slot = slotOf(b);
    const long = ask(b.inference, { maxTokens: 2000, prompt: say('go on') });
    const running = new Promise<void>((resolve) => {
      const seen = setInterval(() => {
        if (long.parts.some((part) => part.type === 'text')) {
          clearInterval(seen);
          resolve();
        }
      }, 1);
    });
    await running;
    process.kill(slot.pid!, 'SIGKILL');
    await expect(long).rejects.toMatchObject({ code: 'ENGINE_RESTARTING', category: 'unavailable' });
    const after = await ask(b.inference);
    expect(after.text).toBe(before.text);
    expect(slot.state).toBe('warm');
  });

  it('that dies twice on the same parameters is set aside until an administrator loads it', async () => {
    const b = await box();
    const slot = slotOf(b);
    for (let i = 0; i < 2; i++) {
      await ask(b.inference);
      const gone = ask(b.inference, { maxTokens: 2000, prompt: say(`again ${i}`) });
      process.kill(slot.pid!, 'SIGKILL');
      await expect(gone).rejects.toMatchObject({ code: 'ENGINE_RESTARTING' });
    }
    await expect(ask(b.inference)).rejects.toMatchObject({
      code: 'MODEL_QUARANTINED',
      details: { model: 'tiny', crashes: 2 },
    });
    const after = await b.again();
    expect(await after.inference.models.view(tiny.record)).toMatchObject({ state: 'quarantined' });
    await after.inference.models.slot(tiny.record).pardon();
    expect((await ask(after.inference)).finish).toBe('length');
  });

  it.each([
    ['altered', (path: string) => writeFileSync(path, readFileSync(path).fill(7, 1_000_000, 1_000_001))],
    ['cut off', (path: string) => truncateSync(path, 1_000_000)],
  ])('never loads a file that was %s', async (_, harm) => {
    const { folder } = await box();
    const directory = join(folder, 'other');
    mkdirSync(directory);
    copyFileSync(tiny.path, join(directory, 'tiny.gguf'));
    harm(join(directory, 'tiny.gguf'));
    const { inference } = await box({ otherDirectories: [directory] });
    await expect(ask(inference)).rejects.toMatchObject({ code: 'MODEL_ALTERED' });
    expect(inference.models.slot(tiny.record).state).toBe('cold');
  });

  it('says so when the bytes are right and are no model', async () => {
    const { folder } = await box();
    const directory = join(folder, 'other');
    mkdirSync(directory);
    const content = Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(5000, 1)]);
    writeFileSync(join(directory, 'm.gguf'), content);
    const { inference } = await box({ records: [] });
    const { row } = await inference.imports.take(join(directory, 'm.gguf'));
    await inference.imports.record(row!);
    await expect(ask(inference, { model: 'm' })).rejects.toMatchObject({
      code: 'MODEL_LOAD_FAILED',
      details: { model: 'm' },
    });
  });

  it('leaves no process behind when it is unloaded', async () => {
    const b = await box();
    await ask(b.inference);
    const { pid } = slotOf(b);
    await slotOf(b).unload();
    expect(() => process.kill(pid!, 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
    expect(slotOf(b).state).toBe('cold');
  });
});
