/**
 * The LAN API as clients meet it: two paired devices and a stranger against the real daemon over TLS. Handshake, calls,
 * keys, errors, limits, slow and hostile sockets, REST, server-sent events, and `/v1` with the `openai` client.
 */

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import type { CallError, JinguClient } from '../../src/client/index.ts';
import { openFolder } from '../../src/client-node/index.ts';
import { newId } from '../../src/common/index.ts';
import { CLOSE, type Hello, LIMITS, parsePairingLink, requestFrame } from '../../src/protocol/index.ts';
import { Checks } from '../support/checks.ts';
import { LiveBox } from '../support/live-box.ts';
import { pairDevice } from '../support/paired.ts';
import { pinnedFetch } from '../support/pinned-fetch.ts';
import { RawSession } from '../support/raw-session.ts';
import { SCRIPTED_ENGINE, ScriptedModel } from '../support/scripted-model.ts';
import { Stranger } from '../support/stranger.ts';

const checks = new Checks();
const share = mkdtempSync(join(tmpdir(), 'jingu-share-'));
writeFileSync(join(share, 'minutes.md'), '# Minutes\n\nThe review meeting is on Tuesday.\n');
writeFileSync(join(share, 'long.txt'), 'The same line, again and again, so that an answer is long.\n'.repeat(5000));
await using box = await LiveBox.start({ engineProgram: SCRIPTED_ENGINE });
const { spki } = parsePairingLink(box.link)!;
await box.run('workspace.add', { name: 'office', root: share });
const phone = await pairDevice(box, { person: 'Staff one' });
const tablet = await pairDevice(box, { personId: phone.personId });
const other = await pairDevice(box, { person: 'Staff two' });
const stranger = new Stranger(box.address);
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'ok',
    (error: CallError) => error.code,
  );
const path = 'office/minutes.md';
const head = async (client: JinguClient<Hello> = phone.client) =>
  ((await client.invoke('doc.read', { path })).output as { version: number }).version;
const edit = (client: JinguClient<Hello>, base: number, text: string, idempotencyKey: string) =>
  client.invoke('doc.edit', { path, base, verbs: [{ put: '>3', text: [text] }] }, { idempotencyKey });

// Handshake
const hello = await phone.client.connect();
await tablet.client.connect();
await other.client.connect();
await checks.check('hello names the box, the caller with the rights it holds, and the limits', () => {
  const { caller, server, limits } = hello;
  return (
    server.boxId === phone.folder.box()?.boxId &&
    caller.deviceId === phone.deviceId &&
    caller.scopes.includes('doc.write') &&
    !caller.scopes.includes('box.admin') &&
    JSON.stringify(limits) === JSON.stringify(LIMITS)
  );
});
await checks.check('hello lists exactly the operations of the registry', async () => {
  const { operations } = (await phone.client.invoke('operation.list', {})).output as { operations: { id: string }[] };
  return JSON.stringify(operations.map((o) => o.id).sort()) === JSON.stringify([...hello.operations].sort());
});
await checks.check('a connect that was signed for another socket is refused', async () => {
  const first = new RawSession(box.address);
  const connect = await first.connectParams(phone.folder);
  const second = new RawSession(box.address);
  await second.next((frame) => frame.kind === 'notification');
  second.send(requestFrame(1, 'session.connect', connect));
  const code = await second.codeOf(1);
  first.close();
  return ['CHALLENGE_INVALID', 'SIGNATURE_INVALID'].includes(code) && (await second.closeCode()) === CLOSE.sessionEnded;
});
await checks.check('a connect whose words were changed after signing is refused', async () => {
  const raw = new RawSession(box.address);
  const connect = await raw.connectParams(phone.folder);
  raw.send(requestFrame(1, 'session.connect', { ...connect, requestedScopes: ['box.admin'] }));
  return (await raw.codeOf(1)) === 'SIGNATURE_INVALID';
});
await checks.check('a client of another protocol is told so and closed with 4010', async () => {
  const raw = new RawSession(box.address);
  raw.send(requestFrame(1, 'session.connect', await raw.connectParams(phone.folder, [98, 99])));
  return (await raw.codeOf(1)) === 'PROTOCOL_UNSUPPORTED' && (await raw.closeCode()) === CLOSE.noCommonProtocol;
});

// Calls, keys, errors
await checks.check('an unknown operation is answered with the nearest name', async () => {
  const error = (await phone.client.invoke('doc.raed', {}).catch((e: unknown) => e)) as CallError;
  return error.code === 'OPERATION_UNKNOWN' && error.details['nearest'] === 'doc.read';
});
await checks.check('a wrong input is answered with its pointer, in the language of the client', async () => {
  const raw = await RawSession.connect(box.address, phone.folder);
  raw.send(requestFrame(7, 'doc.read', { input: { path, from: 'one' } }));
  const frame = await raw.answer(7);
  raw.close();
  return (
    frame.kind === 'error' &&
    frame.error.code === -32602 &&
    frame.error.data.details?.['pointer'] === '/from' &&
    /[\u4e00-\u9fff]/.test(frame.error.message)
  );
});
await checks.check('a change without a key is refused', async () => {
  const raw = await RawSession.connect(box.address, phone.folder);
  const code = await raw.ask(1, 'doc.edit', { input: { path, base: 1, verbs: [{ cut: '3' }] } });
  raw.close();
  return code === 'IDEMPOTENCY_KEY_MISSING';
});
await checks.check(
  'the same key and input give the stored outcome, also on a second device of the same person',
  async () => {
    const base = await head();
    const key = newId('key');
    const first = await edit(phone.client, base, 'once', key);
    const again = await edit(phone.client, base, 'once', key);
    const elsewhere = await edit(tablet.client, base, 'once', key);
    const same =
      JSON.stringify(first.output) === JSON.stringify(again.output) &&
      JSON.stringify(first.output) === JSON.stringify(elsewhere.output);
    return (
      same &&
      first.replayed === undefined &&
      again.replayed === true &&
      elsewhere.replayed === true &&
      (await head()) === base + 1
    );
  },
);
await checks.check(
  'the same key with other input is a conflict, and another person has keys of their own',
  async () => {
    const base = await head();
    const key = newId('key');
    await edit(phone.client, base, 'mine', key);
    const conflict = await codeOf(edit(phone.client, base, 'other words', key));
    const theirs = await edit(other.client, base + 1, 'theirs', key);
    return conflict === 'IDEMPOTENCY_CONFLICT' && theirs.replayed === undefined;
  },
);
await checks.check('two calls at once with one key have one effect', async () => {
  const base = await head();
  const key = newId('key');
  const results = await Promise.all([1, 2, 3, 4].map(() => edit(phone.client, base, 'together', key)));
  return new Set(results.map((r) => JSON.stringify(r.output))).size === 1 && (await head()) === base + 1;
});
await checks.check('a right that the caller does not hold is named', async () => {
  return (await codeOf(phone.client.invoke('device.list', {}))) === 'SCOPE_MISSING';
});
await checks.check('an event reaches the other client with the next number', async () => {
  const { document, version } = (await other.client.invoke('doc.read', { path })).output as {
    document: string;
    version: number;
  };
  const heard = new Promise<number>((resolve) => {
    other.client.subscribe(`doc:${document}`, {
      event: (event) => {
        if (event.data['version'] === version + 1) resolve(event.seq);
      },
    });
  });
  await edit(phone.client, version, 'heard', newId('key'));
  return (await heard) > 0;
});

// Limits and hostile sockets
const before = await box.run<{ sockets: number }>('box.status');
await checks.check('garbage before hello is answered and closed', async () => {
  const { answers, closeCode } = await stranger.frames(['this is no JSON']);
  return JSON.stringify(answers).includes('MALFORMED') && closeCode === CLOSE.protocolError;
});
await checks.check('a call before hello is refused and closed', async () => {
  const { answers, closeCode } = await stranger.frames([requestFrame(1, 'box.status', { input: {} })]);
  return JSON.stringify(answers).includes('UNAUTHENTICATED') && closeCode === CLOSE.sessionEnded;
});
await checks.check('more than 64 KiB before hello is closed with 1009', async () => {
  return (await stranger.frames([`"${'x'.repeat(LIMITS.frameBytesBeforeHello)}"`])).closeCode === CLOSE.tooLarge;
});
await checks.check('a binary frame is closed with 1002', async () => {
  return (await stranger.frames([Buffer.from([1, 2, 3])])).closeCode === CLOSE.protocolError;
});
await checks.check('more than 1 MiB after hello is closed with 1009', async () => {
  const raw = await RawSession.connect(box.address, phone.folder);
  raw.send(`"${'x'.repeat(LIMITS.frameBytes)}"`);
  return (await raw.closeCode()) === CLOSE.tooLarge;
});
await checks.check('a batch, a second connect and an unread frame are refused and the session goes on', async () => {
  const raw = await RawSession.connect(box.address, phone.folder);
  raw.send('[]');
  const batch = await raw.next((f) => f.kind === 'error' && f.id === null);
  const again = await raw.ask(2, 'session.connect', {});
  const ping = await raw.ask(3, 'session.ping', {});
  raw.close();
  return (
    batch.kind === 'error' &&
    batch.error.data.code === 'REQUEST_INVALID' &&
    again === 'REQUEST_INVALID' &&
    ping === 'ok'
  );
});
await checks.check('the 129th subscription is refused', async () => {
  const raw = await RawSession.connect(box.address, phone.folder);
  const codes: string[] = [];
  for (let n = 0; n <= LIMITS.subscriptions; n++)
    codes.push(await raw.ask(n + 10, 'stream.subscribe', { topic: `doc:doc_${n}` }));
  raw.close();
  return codes.slice(0, -1).every((code) => code === 'ok') && codes.at(-1) === 'RATE_LIMITED';
});
await checks.check(
  'a client that asks much and reads nothing is dropped, and no other client waits for it',
  async () => {
    const raw = await RawSession.connect(box.address, phone.folder);
    raw.pause();
    let id = 100;
    let dropped = false;
    while (!dropped && id < 4000) {
      for (let n = 0; n < 40; n++)
        raw.send(requestFrame(id++, 'doc.read', { input: { path: 'office/long.txt', from: 1, to: 1000 } }));
      await other.client.invoke('doc.read', { path });
      dropped = (await box.run<{ sockets: number }>('box.status')).sockets <= before.sockets;
    }
    raw.close();
    return dropped && other.client.state === 'connected' && other.client.connects === 1;
  },
);
await checks.check('a cancelled call answers, and the session goes on', async () => {
  const raw = await RawSession.connect(box.address, phone.folder);
  raw.send(requestFrame(1, 'doc.list', { input: { workspace: 'office' } }));
  raw.send(JSON.stringify({ jsonrpc: '2.0', method: 'cancel', params: { id: 1 } }));
  const code = await raw.codeOf(1);
  const ping = await raw.ask(2, 'session.ping', {});
  raw.close();
  return ['ok', 'CANCELLED'].includes(code) && ping === 'ok';
});

// Host and Origin
const api = `/api/op/box.status`;
const body = JSON.stringify({ input: {} });
await checks.check('a foreign Host is refused over HTTP, which is what stops DNS rebinding', async () => {
  return (await stranger.http('GET', '/api/box', { host: 'evil.example' })).code === 'HOST_REFUSED';
});
await checks.check('a foreign or null Origin is refused over HTTP and at the socket', async () => {
  const http = await stranger.http('GET', '/api/box', { origin: 'https://evil.example' });
  const none = await stranger.http('GET', '/api/box', { origin: 'null' });
  const socket = await stranger.frames([], { origin: 'https://evil.example' });
  return http.code === 'HOST_REFUSED' && none.code === 'HOST_REFUSED' && socket.challenge === undefined;
});

// REST
const { bearer } = await phone.client.bearer();
const auth = { authorization: `Bearer ${bearer}` };
await checks.check('REST without a bearer is 401, with one from a signed socket it answers', async () => {
  const refused = await stranger.http('POST', api, {}, body);
  const answered = await stranger.http('POST', api, auth, body);
  return refused.status === 401 && answered.status === 200 && JSON.parse(answered.text).output.state === 'serving';
});
await checks.check('REST gives the same outcome for the same Idempotency-Key as the socket', async () => {
  const base = await head();
  const key = newId('key');
  const overSocket = await edit(phone.client, base, 'over both', key);
  const input = { path, base, verbs: [{ put: '>3', text: ['over both'] }] };
  const { status, text } = await stranger.http(
    'POST',
    '/api/op/doc.edit',
    { ...auth, 'idempotency-key': key },
    JSON.stringify({ input }),
  );
  const overRest = JSON.parse(text) as { output: unknown; replayed?: boolean };
  return (
    status === 200 &&
    overRest.replayed === true &&
    JSON.stringify(overRest.output) === JSON.stringify(overSocket.output)
  );
});
await checks.check('REST statuses follow the category of the error', async () => {
  const ask = async (operation: string, input: object, key?: string) => {
    const headers = { ...auth, ...(key ? { 'idempotency-key': key } : {}) };
    return (await stranger.http('POST', `/api/op/${operation}`, headers, JSON.stringify({ input }))).status;
  };
  const statuses = [
    await ask('no.such', {}),
    await ask('doc.read', { path: 'office/none.md' }),
    await ask('doc.read', { nonsense: true }),
    await ask('device.list', {}),
    await ask('doc.edit', { path, base: 1, verbs: [{ set: '3', text: ['x'], was: 'never there' }] }, newId('key')),
  ];
  return JSON.stringify(statuses) === JSON.stringify([404, 404, 400, 403, 409]);
});
await checks.check('server-sent events bring the same events, and go on after the last id', async () => {
  const { document, version } = (await phone.client.invoke('doc.read', { path })).output as {
    document: string;
    version: number;
  };
  const url = `https://${box.address}/api/events/doc:${document}`;
  const fetchBox = pinnedFetch(spki);
  const read = async (headers: Record<string, string>, until: string) => {
    const abort = new AbortController();
    const answer = await fetchBox(url, { headers: { ...auth, ...headers }, signal: abort.signal });
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of answer.body!) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      if (text.includes(until) && text.includes('event: ready')) break;
    }
    abort.abort();
    return text;
  };
  const first = await read({}, `"version":${version},`);
  const id = [...first.matchAll(/^id: (\S+)$/gm)].at(-1)?.[1] ?? '';
  await edit(phone.client, version, 'after the stream', newId('key'));
  const second = await read({ 'last-event-id': id }, `"version":${version + 1},`);
  return (second.match(/^id: /gm) ?? []).length === 1;
});
await checks.check(
  'a file goes up under its digest and comes back whole; without a bearer, or under a wrong digest, it does not',
  async () => {
    const fetchBox = pinnedFetch(spki);
    const bytes = 'bytes that a phone brings\n';
    const digest = createHash('sha256').update(bytes).digest('hex');
    const put = (name: string, headers: Record<string, string>) =>
      fetchBox(`https://${box.address}/api/uploads/${name}`, {
        method: 'PUT',
        headers: { ...headers, 'content-type': 'application/octet-stream' },
        body: bytes,
      });
    const wrong = (await (await put('0'.repeat(64), auth)).json()) as { error: { code: string } };
    const nobody = await put(digest, {});
    const up = await put(digest, auth);
    const back = await fetchBox(`https://${box.address}/api/blobs/${digest}`, { headers: auth });
    const text = await back.text();
    return wrong.error.code === 'BLOB_DIGEST_WRONG' && nobody.status === 401 && up.ok && text === bytes;
  },
);

// OpenAI-style clients
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
await checks.check('openai: lists the model with its zone', async () =>
  (await chat.models.list()).data.some((one) => one.id === id),
);
await checks.check('openai: creates, and is told where it ran', async () => {
  const { data, response } = await chat.chat.completions.create(say('say hello')).withResponse();
  return data.choices[0]?.message.content === 'Hello from the box' && response.headers.get('x-jingu-zone') === 'box';
});
await checks.check('openai: streams the same text in parts', async () => {
  const parts: string[] = [];
  for await (const chunk of await chat.chat.completions.create({ ...say('say hello'), stream: true })) {
    const text = chunk.choices[0]?.delta.content;
    if (text) parts.push(text);
  }
  return parts.length === 3 && parts.join('') === 'Hello from the box';
});
await checks.check('openai: an aborted stream ends, and the engine is free for the next', async () => {
  const stream = await chat.chat.completions.create({ ...say('never end'), stream: true });
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content === 'once') stream.controller.abort();
  const next = await chat.chat.completions.create(say('say hello'));
  return next.choices[0]?.message.content === 'Hello from the box';
});
await checks.check('openai: errors arrive as its own classes', async () => {
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
await checks.check('a token for /v1 opens nothing else', async () => {
  const { status } = await stranger.http(
    'POST',
    '/api/op/doc.list',
    { authorization: `Bearer ${secret}` },
    JSON.stringify({ input: { workspace: 'office' } }),
  );
  return status === 403;
});

// The end of a device
await checks.check('a revoked device loses its socket with 4003 and its bearer', async () => {
  const raw = await RawSession.connect(box.address, phone.folder);
  await box.run('device.revoke', { deviceId: phone.deviceId });
  const code = await raw.closeCode();
  const rest = await stranger.http('POST', api, auth, body);
  return code === CLOSE.revoked && rest.status === 401;
});
await checks.check('and its next connect is refused for good', async () => {
  const { client } = await openFolder({ folder: phone.folder, app: { id: 'again', version: '1', platform: 'test' } });
  return (await codeOf(client.connect())) === 'DEVICE_REVOKED';
});
await checks.check(
  'the record of all this verifies',
  async () => (await box.run<{ verdict: string }>('audit.verify')).verdict === 'intact',
);

for (const device of [phone, tablet, other]) device.client.close();
rmSync(share, { recursive: true, force: true });
process.exitCode = checks.end();
