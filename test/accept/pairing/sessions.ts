/** Recorded connects, bearers, and a browser that is bound to its page. */
import type { TestPhone } from '../../support/phone.ts';
import { Stranger } from '../../support/stranger.ts';
import { WireSession } from '../../support/wire-session.ts';
import { codeOf, type PairingRig } from './rig.ts';

export async function sessions(rig: PairingRig): Promise<void> {
  const { box, check, secrets, address, pairPhone } = rig;
  console.log('--- sessions');
  const phone = await pairPhone({});
  const session = await WireSession.open(box.address, phone);
  const replay = (frame: object) => async () => {
    const call = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'session.connect', params: frame });
    const thief = new Stranger(box.address, address());
    const { answers, closeCode } = await thief.frames([call]);
    const [answer] = answers as { error?: { data: { code: string } } }[];
    return answer?.error?.data.code === 'SIGNATURE_INVALID' && closeCode === 4001;
  };
  await check('a recorded connect opens no second socket', replay(session.connectFrame!));
  await check('a socket takes one connect only', async () => {
    return (await codeOf(session.call('session.connect', session.connectFrame!))) === 'REQUEST_INVALID';
  });
  await check('a bearer is good for REST and opens no socket', async () => {
    const { bearer } = (await session.call('session.bearer', {})) as { bearer: string };
    secrets.push(bearer);
    const authorization = `Bearer ${bearer}`;
    const stranger = new Stranger(box.address, address());
    const ok = await stranger.http('POST', '/api/op/box.status', { authorization }, '{"input":{}}');
    const call = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'box.status', params: { input: {} } });
    const { answers, closeCode } = await stranger.frames([call], { authorization });
    return ok.status === 200 && closeCode === 4001 && answers.every((answer) => !('result' in answer));
  });
  await check('a browser is bound to the page it signed for', async () => {
    const browser = await pairPhone({ browser: true });
    return (await codeOfReplayedOrigin(rig, browser)) === 'SIGNATURE_INVALID';
  });
  session.close();
}

/** Signs for the page's origin, arrives without one. */
async function codeOfReplayedOrigin({ box, address }: PairingRig, browser: TestPhone): Promise<string | undefined> {
  const stranger = new Stranger(box.address, address());
  const { answers } = await stranger.frames((challenge) => [
    JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'session.connect',
      params: browser.connectMessage(challenge as never),
    }),
  ]);
  return (answers[0] as { error?: { data: { code: string } } }).error?.data.code;
}
