/** The handshake: what hello says, and what is refused before it. */
import { CLOSE, LIMITS, requestFrame } from '../../../src/protocol/index.ts';
import { RawSession } from '../../support/raw-session.ts';
import type { LanRig } from './rig.ts';

export async function handshake(rig: LanRig): Promise<void> {
  const { box, check, phone, hello } = rig;
  await check('hello names the box, the caller with the rights it holds, and the limits', () => {
    const { caller, server, limits } = hello;
    return (
      server.boxId === phone.folder.box()?.boxId &&
      caller.deviceId === phone.deviceId &&
      caller.scopes.includes('doc.write') &&
      !caller.scopes.includes('box.admin') &&
      JSON.stringify(limits) === JSON.stringify(LIMITS)
    );
  });
  await check('hello lists exactly the operations of the registry', async () => {
    const { operations } = (await phone.client.invoke('operation.list', {})).output as { operations: { id: string }[] };
    return JSON.stringify(operations.map((o) => o.id).sort()) === JSON.stringify([...hello.operations].sort());
  });
  await check('a connect that was signed for another socket is refused', async () => {
    const first = new RawSession(box.address);
    const connect = await first.connectParams(phone.folder);
    const second = new RawSession(box.address);
    await second.next((frame) => frame.kind === 'notification');
    second.send(requestFrame(1, 'session.connect', connect));
    const code = await second.codeOf(1);
    first.close();
    return (
      ['CHALLENGE_INVALID', 'SIGNATURE_INVALID'].includes(code) && (await second.closeCode()) === CLOSE.sessionEnded
    );
  });
  await check('a connect whose words were changed after signing is refused', async () => {
    const raw = new RawSession(box.address);
    const connect = await raw.connectParams(phone.folder);
    raw.send(requestFrame(1, 'session.connect', { ...connect, requestedScopes: ['box.admin'] }));
    return (await raw.codeOf(1)) === 'SIGNATURE_INVALID';
  });
  await check('a client of another protocol is told so and closed with 4010', async () => {
    const raw = new RawSession(box.address);
    raw.send(requestFrame(1, 'session.connect', await raw.connectParams(phone.folder, [98, 99])));
    return (await raw.codeOf(1)) === 'PROTOCOL_UNSUPPORTED' && (await raw.closeCode()) === CLOSE.noCommonProtocol;
  });
}
