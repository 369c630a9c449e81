/** Limits, hostile sockets, and foreign names of the host and the page. */
import { CLOSE, LIMITS, requestFrame } from '../../../src/protocol/index.ts';
import { RawSession } from '../../support/raw-session.ts';
import { type LanRig, PATH } from './rig.ts';

export async function limits(rig: LanRig): Promise<void> {
  const { box, check, phone, other, stranger } = rig;
  const before = await box.run<{ sockets: number }>('box.status');
  await check('garbage before hello is answered and closed', async () => {
    const { answers, closeCode } = await stranger.frames(['this is no JSON']);
    return JSON.stringify(answers).includes('MALFORMED') && closeCode === CLOSE.protocolError;
  });
  await check('a call before hello is refused and closed', async () => {
    const { answers, closeCode } = await stranger.frames([requestFrame(1, 'box.status', { input: {} })]);
    return JSON.stringify(answers).includes('UNAUTHENTICATED') && closeCode === CLOSE.sessionEnded;
  });
  await check('more than 64 KiB before hello is closed with 1009', async () => {
    return (await stranger.frames([`"${'x'.repeat(LIMITS.frameBytesBeforeHello)}"`])).closeCode === CLOSE.tooLarge;
  });
  await check('a binary frame is closed with 1002', async () => {
    return (await stranger.frames([Buffer.from([1, 2, 3])])).closeCode === CLOSE.protocolError;
  });
  await check('more than 1 MiB after hello is closed with 1009', async () => {
    const raw = await RawSession.connect(box.address, phone.folder);
    raw.send(`"${'x'.repeat(LIMITS.frameBytes)}"`);
    return (await raw.closeCode()) === CLOSE.tooLarge;
  });
  await check('a batch, a second connect and an unread frame are refused and the session goes on', async () => {
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
  await check('the 129th subscription is refused', async () => {
    const raw = await RawSession.connect(box.address, phone.folder);
    const codes: string[] = [];
    for (let n = 0; n <= LIMITS.subscriptions; n++)
      codes.push(await raw.ask(n + 10, 'stream.subscribe', { topic: `doc:doc_${n}` }));
    raw.close();
    return codes.slice(0, -1).every((code) => code === 'ok') && codes.at(-1) === 'RATE_LIMITED';
  });
  await check('a client that asks much and reads nothing is dropped, and no other client waits for it', async () => {
    const raw = await RawSession.connect(box.address, phone.folder);
    raw.pause();
    let id = 100;
    let dropped = false;
    while (!dropped && id < 4000) {
      for (let n = 0; n < 40; n++)
        raw.send(requestFrame(id++, 'doc.read', { input: { path: 'office/long.txt', from: 1, to: 1000 } }));
      await other.client.invoke('doc.read', { path: PATH });
      dropped = (await box.run<{ sockets: number }>('box.status')).sockets <= before.sockets;
    }
    raw.close();
    return dropped && other.client.state === 'connected' && other.client.connects === 1;
  });
  await check('a cancelled call answers, and the session goes on', async () => {
    const raw = await RawSession.connect(box.address, phone.folder);
    raw.send(requestFrame(1, 'doc.list', { input: { workspace: 'office' } }));
    raw.send(JSON.stringify({ jsonrpc: '2.0', method: 'cancel', params: { id: 1 } }));
    const code = await raw.codeOf(1);
    const ping = await raw.ask(2, 'session.ping', {});
    raw.close();
    return ['ok', 'CANCELLED'].includes(code) && ping === 'ok';
  });

  await check('a foreign Host is refused over HTTP, which is what stops DNS rebinding', async () => {
    return (await stranger.http('GET', '/api/box', { host: 'evil.example' })).code === 'HOST_REFUSED';
  });
  await check('a foreign or null Origin is refused over HTTP and at the socket', async () => {
    const http = await stranger.http('GET', '/api/box', { origin: 'https://evil.example' });
    const none = await stranger.http('GET', '/api/box', { origin: 'null' });
    const socket = await stranger.frames([], { origin: 'https://evil.example' });
    return http.code === 'HOST_REFUSED' && none.code === 'HOST_REFUSED' && socket.challenge === undefined;
  });
}
