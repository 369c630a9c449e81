/** `/v1` as the `openai` client meets it. */
import OpenAI from 'openai';
import { pinnedFetch } from '../../support/pinned-fetch.ts';
import { ScriptedModel } from '../../support/scripted-model.ts';
import type { LanRig } from './rig.ts';

export async function openAi(rig: LanRig): Promise<void> {
  const { box, check, stranger, spki } = rig;
  const model = await ScriptedModel.give(box, [
    { when: 'say hello', parts: ['Hello', ' from', ' the box'] },
    { when: 'never end', parts: ['once'], hold: true },
  ]);
  const { secret } = await box.run<{ secret: string }>('token.create', { name: 'acceptance', days: 1 });
  const openai = (apiKey: string) =>
    new OpenAI({ apiKey, baseURL: `https://${box.address}/v1`, fetch: pinnedFetch(spki), maxRetries: 0 });
  const chat = openai(secret);
  const id = `box/${model.id}`;
  const say = (content: string) => ({ model: id, messages: [{ role: 'user' as const, content }] });
  await check('openai: lists the model with its zone', async () =>
    (await chat.models.list()).data.some((one) => one.id === id),
  );
  await check('openai: creates, and is told where it ran', async () => {
    const { data, response } = await chat.chat.completions.create(say('say hello')).withResponse();
    return data.choices[0]?.message.content === 'Hello from the box' && response.headers.get('x-jingu-zone') === 'box';
  });
  await check('openai: streams the same text in parts', async () => {
    const parts: string[] = [];
    for await (const chunk of await chat.chat.completions.create({ ...say('say hello'), stream: true })) {
      const text = chunk.choices[0]?.delta.content;
      if (text) parts.push(text);
    }
    return parts.length === 3 && parts.join('') === 'Hello from the box';
  });
  await check('openai: an aborted stream ends, and the engine is free for the next', async () => {
    const stream = await chat.chat.completions.create({ ...say('never end'), stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content === 'once') stream.controller.abort();
    const next = await chat.chat.completions.create(say('say hello'));
    return next.choices[0]?.message.content === 'Hello from the box';
  });
  await check('openai: errors arrive as its own classes', async () => {
    const thrown = (promise: Promise<unknown>) =>
      promise.then(
        () => undefined,
        (error: unknown) => error,
      );
    const noKey = await thrown(openai('jt_wrong').models.list());
    const noModel = await thrown(chat.chat.completions.create({ ...say('x'), model: 'box/none' }));
    const noSense = await thrown(chat.chat.completions.create({ ...say('x'), max_tokens: -1 }));
    const noPath = await thrown(chat.embeddings.create({ model: id, input: 'x' }));
    return (
      noKey instanceof OpenAI.AuthenticationError &&
      noModel instanceof OpenAI.NotFoundError &&
      noSense instanceof OpenAI.BadRequestError &&
      noPath instanceof OpenAI.NotFoundError
    );
  });
  await check('a token for /v1 opens nothing else', async () => {
    const { status } = await stranger.http(
      'POST',
      '/api/op/doc.list',
      { authorization: `Bearer ${secret}` },
      JSON.stringify({ input: { workspace: 'office' } }),
    );
    return status === 403;
  });
}
