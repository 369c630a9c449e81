import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Compile } from 'typebox/compile';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger, systemClock } from '../../../src/common/index.ts';
import type { GuestHandle } from '../../../src/guest/index.ts';
import type { GenerateParams } from '../../../src/inference/engine/messages.ts';
import { Inference, inferenceMigrations, inferenceOperations } from '../../../src/inference/index.ts';
import { makeRig, person, type Rig } from '../../support/door-rig.ts';
import { fakeModel, put, recordOf } from '../../support/inference-rig.ts';

const content = fakeModel(1000);
const record = recordOf(content, { sources: [] });
const rigs: { rig: Rig; inference: Inference }[] = [];

afterEach(async () => {
  for (const { rig, inference } of rigs.splice(0)) {
    await inference.stop();
    await rig.close();
  }
});

/** A guest that answers from a script; it shows what the core asked of it. */
function scriptedGuest(say: (params: GenerateParams) => string) {
  const asked: GenerateParams[] = [];
  const guest = {
    name: 'engine:fake',
    state: 'ready',
    status: {
      name: 'engine:fake',
      state: 'ready',
      reason: null,
      detail: null,
      pid: null,
      starts: 1,
      memoryBytes: null,
    },
    request: (method: string, params: unknown, options?: { onPart?: (part: unknown) => void }) => {
      if (method === 'load') {
        return Promise.resolve({
          contextTokens: 1023,
          sequences: 2,
          threads: 1,
          loadMs: 5,
          vocabulary: 9,
          architecture: 'x',
        });
      }
      asked.push(params as GenerateParams);
      const text = say(params as GenerateParams);
      options?.onPart?.({ type: 'start', promptTokens: 7, cachedTokens: 3 });
      options?.onPart?.({ type: 'text', text });
      return Promise.resolve({
        text,
        finish: 'stop',
        usage: { promptTokens: 7, cachedTokens: 3, completionTokens: 2 },
        timing: { queueMs: 0, firstTokenMs: 1, totalMs: 2, promptMs: 1 },
      });
    },
    notify: () => {},
    ready: () => Promise.resolve(),
    on: () => () => {},
    stop: () => Promise.resolve(),
  } as unknown as GuestHandle;
  return { guest, asked };
}

function box(say: (params: GenerateParams) => string = () => 'Hi.') {
  const rig = makeRig({ migrations: inferenceMigrations });
  const models = join(rig.directory, 'models');
  mkdirSync(models);
  const { guest, asked } = scriptedGuest(say);
  const inference = new Inference({
    db: rig.store,
    clock: systemClock,
    log: silentLogger,
    host: { start: () => guest },
    events: rig.events,
    modelDirectory: models,
    threads: 1,
    records: [record],
    defaultModel: 'fake',
  });
  rig.registry.register(...inferenceOperations(inference));
  rigs.push({ rig, inference });
  const call = async (operation: string, input: unknown, parts?: unknown[], key?: string) => {
    const request = { operation, input, ...(key ? { idempotencyKey: key } : {}) };
    // On no surface: only the agent's own loop gets at it.
    const caller =
      operation === 'model.complete' ? person({ kind: 'agent', surface: 'agent', agent: 'agent@box' }) : person();
    const { output } = await rig.door.invoke(caller, request, { onPart: (part) => parts?.push(part) });
    return output as Record<string, unknown>;
  };
  return { rig, models, inference, asked, call };
}

describe('the operations of inference', () => {
  it('are declared without any service, with examples that fit', () => {
    const untouched = new Proxy({}, { get: (_, name) => expect.fail(`${String(name)} was touched`) }) as Inference;
    const operations = inferenceOperations(untouched);
    expect(operations.map(({ id }) => id)).toEqual([
      'model.list',
      'model.show',
      'model.pull',
      'model.import',
      'model.load',
      'model.unload',
      'model.complete',
      'infer.chat',
      'infer.models',
    ]);
    for (const { id, input, examples } of operations) {
      for (const example of examples) expect(Compile(input).Check(example.input), id).toBe(true);
    }
  });

  it('list and show every model with its state, and offer to programs only those that are there', async () => {
    const { call, models } = box();
    expect(await call('model.show', { id: 'fake' })).toMatchObject({ state: 'absent', zone: 'box', isDefault: true });
    expect(await call('infer.models', {})).toEqual({ models: [] });
    put(join(models, record.file), content);
    expect(await call('model.list', {})).toMatchObject({ models: [{ id: 'fake', state: 'ready', bytes: 1000 }] });
    expect(await call('infer.models', {})).toEqual({ models: [{ id: 'box/fake', zone: 'box', state: 'ready' }] });
    await expect(call('model.show', { id: 'none' })).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' });
  });

  it('load and unload, on record', async () => {
    const { call, models, rig } = box();
    put(join(models, record.file), content);
    expect(await call('model.load', { id: 'fake' }, [], 'k1')).toMatchObject({ state: 'warm', contextTokens: 1023 });
    expect(await call('model.show', { id: 'fake' })).toMatchObject({ state: 'warm', contextTokens: 1023 });
    expect(await call('model.unload', { id: 'fake' }, [], 'k2')).toEqual({ id: 'fake', state: 'ready' });
    expect(rig.audit.map(({ type, body }) => [type, body['operation']])).toEqual([
      ['intent', 'model.load'],
      ['outcome', 'model.load'],
      ['intent', 'model.unload'],
      ['outcome', 'model.unload'],
    ]);
  });

  it('import a file and say what it is', async () => {
    const { call, rig } = box();
    const file = put(join(rig.directory, 'stick.gguf'), content);
    expect(await call('model.import', { file }, [], 'k')).toMatchObject({ id: 'fake', known: true });
    expect(await call('model.show', { id: 'fake' })).toMatchObject({ state: 'ready' });
    await expect(call('model.import', { file: 'relative.gguf' }, [], 'k2')).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });

  it('refuse to pull without a way out, and leave no trace of a download', async () => {
    const { call } = box();
    await expect(call('model.pull', { id: 'fake' }, [], 'k')).rejects.toMatchObject({ code: 'MODEL_PULL_FAILED' });
    expect(await call('model.show', { id: 'fake' })).toMatchObject({ state: 'absent' });
  });

  it('complete: stream parts, say where it ran, leave the token counts and no text on record', async () => {
    const { call, models, rig, asked } = box(() => '"secret word"');
    put(join(models, record.file), content);
    const parts: unknown[] = [];
    const input = {
      messages: [{ role: 'user', content: 'my question' }],
      grammar: { kind: 'json', schema: { type: 'string' } },
      maxTokens: 9,
      prefixKey: 'doc',
    };
    expect(await call('model.complete', input, parts)).toEqual({
      text: '"secret word"',
      finish: 'stop',
      model: 'box/fake',
      zone: 'box',
      usage: { promptTokens: 7, cachedTokens: 3, completionTokens: 2 },
    });
    expect(parts).toContainEqual({ type: 'text', text: '"secret word"' });
    const [entry] = rig.audit.filter(({ body }) => body['operation'] === 'model.complete');
    expect(entry!.body).toMatchObject({
      zone: 'box',
      output: { model: 'box/fake', zone: 'box', usage: { promptTokens: 7, completionTokens: 2 } },
    });
    expect(JSON.stringify(entry)).not.toMatch(/secret word|my question/);
    // What crosses to the guest names nobody.
    expect(JSON.stringify(asked)).not.toMatch(/per_1|dev_1|Staff/);
    expect(asked[0]).toMatchObject({ class: 'agent', prefixKey: 'doc', reserveAll: true });
  });

  it('refuse an answer that does not fit what was asked for', async () => {
    const { call, models } = box(() => '"x"');
    put(join(models, record.file), content);
    const ask = (grammar: unknown) =>
      call('model.complete', { messages: [{ role: 'user', content: 'q' }], grammar, maxTokens: 9 });
    await expect(ask({ kind: 'json', schema: { type: 'integer' } })).rejects.toMatchObject({ code: 'OUTPUT_INVALID' });
    await expect(ask({ kind: 'choices', choices: ['a'] })).rejects.toMatchObject({ code: 'OUTPUT_INVALID' });
    await expect(ask({ kind: 'json', schema: { not: {} } })).rejects.toMatchObject({ code: 'SCHEMA_UNSUPPORTED' });
  });

  it('tell policy the zone of a model, and answer that a foreign one is not set up', async () => {
    const { call, rig } = box();
    const chat = rig.registry.get('infer.chat')!;
    const zone = async (model: string) => (await chat.facts!({} as never, { model, messages: [] }))?.zone;
    expect([await zone('box/fake'), await zone('site/vllm'), await zone('cloud/qwen')]).toEqual([
      'box',
      'site',
      'cloud',
    ]);
    await expect(
      call('infer.chat', { model: 'cloud/qwen', messages: [{ role: 'user', content: 'q' }] }),
    ).rejects.toMatchObject({ code: 'ZONE_UNAVAILABLE' });
  });

  it('chat: say the model first, hand calls of tools back, and force one when told to', async () => {
    const { call, models, asked } = box(({ opening }) =>
      opening ? `${opening}{"name": "read", "arguments": {"path": "a"}}\n</tool_call>` : 'Hello.',
    );
    put(join(models, record.file), content);
    const tools = [{ name: 'read', parameters: { type: 'object', properties: { path: { type: 'string' } } } }];
    const messages = [{ role: 'user', content: 'q' }];
    const parts: unknown[] = [];
    expect(await call('infer.chat', { messages, tools }, parts)).toMatchObject({ text: 'Hello.', finish: 'stop' });
    expect(parts).toEqual([
      { type: 'start', model: 'box/fake', zone: 'box' },
      { type: 'text', text: 'Hello.' },
    ]);
    const forced: unknown[] = [];
    expect(await call('infer.chat', { messages, tools, toolChoice: 'required' }, forced)).toMatchObject({
      text: '',
      finish: 'tool-calls',
      toolCalls: [{ id: expect.stringMatching(/^call_/), name: 'read', arguments: '{"path":"a"}' }],
    });
    expect(forced).toEqual([{ type: 'start', model: 'box/fake', zone: 'box' }]);
    expect(asked[1]!.grammar).toBeDefined();
    await call('infer.chat', { messages, tools, toolChoice: 'none' });
    expect(asked[2]!.prompt).toEqual({ messages });
    await expect(call('infer.chat', { messages, tools, toolChoice: { name: 'rm' } })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });
});
