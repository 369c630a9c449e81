/** REST: bearers, keys, statuses, server-sent events, files by digest. */
import { createHash } from 'node:crypto';
import { newId } from '../../../src/common/index.ts';
import { pinnedFetch } from '../../support/pinned-fetch.ts';
import { type LanRig, NO_INPUT, PATH, STATUS } from './rig.ts';

export async function rest(rig: LanRig): Promise<void> {
  const { box, check, phone, stranger, spki, head, edit, auth } = rig;
  await check('REST without a bearer is 401, with one from a signed socket it answers', async () => {
    const refused = await stranger.http('POST', STATUS, {}, NO_INPUT);
    const answered = await stranger.http('POST', STATUS, auth, NO_INPUT);
    return refused.status === 401 && answered.status === 200 && JSON.parse(answered.text).output.state === 'serving';
  });
  await check('REST gives the same outcome for the same Idempotency-Key as the socket', async () => {
    const base = await head();
    const key = newId('key');
    const overSocket = await edit(phone.client, base, 'over both', key);
    const input = { path: PATH, base, verbs: [{ put: '>3', text: ['over both'] }] };
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
  await check('REST statuses follow the category of the error', async () => {
    const ask = async (operation: string, input: object, key?: string) => {
      const headers = { ...auth, ...(key ? { 'idempotency-key': key } : {}) };
      return (await stranger.http('POST', `/api/op/${operation}`, headers, JSON.stringify({ input }))).status;
    };
    const statuses = [
      await ask('no.such', {}),
      await ask('doc.read', { path: 'office/none.md' }),
      await ask('doc.read', { nonsense: true }),
      await ask('device.list', {}),
      await ask(
        'doc.edit',
        { path: PATH, base: 1, verbs: [{ set: '3', text: ['x'], was: 'never there' }] },
        newId('key'),
      ),
    ];
    return JSON.stringify(statuses) === JSON.stringify([404, 404, 400, 403, 409]);
  });
  await check('server-sent events bring the same events, and go on after the last id', async () => {
    const { document, version } = (await phone.client.invoke('doc.read', { path: PATH })).output as {
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
  await check(
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
}
