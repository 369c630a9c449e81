/** Calls, their keys and their errors, and the events they make. */
import type { CallError } from '../../../src/client/index.ts';
import { newId } from '../../../src/common/index.ts';
import { requestFrame } from '../../../src/protocol/index.ts';
import { RawSession } from '../../support/raw-session.ts';
import { codeOf, type LanRig, PATH } from './rig.ts';

export async function calls(rig: LanRig): Promise<void> {
  const { box, check, phone, tablet, other, head, edit } = rig;
  await check('an unknown operation is answered with the nearest name', async () => {
    const error = (await phone.client.invoke('doc.raed', {}).catch((e: unknown) => e)) as CallError;
    return error.code === 'OPERATION_UNKNOWN' && error.details['nearest'] === 'doc.read';
  });
  await check('a wrong input is answered with its pointer, in the language of the client', async () => {
    const raw = await RawSession.connect(box.address, phone.folder);
    raw.send(requestFrame(7, 'doc.read', { input: { path: PATH, from: 'one' } }));
    const frame = await raw.answer(7);
    raw.close();
    return (
      frame.kind === 'error' &&
      frame.error.code === -32602 &&
      frame.error.data.details?.['pointer'] === '/from' &&
      /[\u4e00-\u9fff]/.test(frame.error.message)
    );
  });
  await check('a change without a key is refused', async () => {
    const raw = await RawSession.connect(box.address, phone.folder);
    const code = await raw.ask(1, 'doc.edit', { input: { path: PATH, base: 1, verbs: [{ cut: '3' }] } });
    raw.close();
    return code === 'IDEMPOTENCY_KEY_MISSING';
  });
  await check(
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
  await check('the same key with other input is a conflict, and another person has keys of their own', async () => {
    const base = await head();
    const key = newId('key');
    await edit(phone.client, base, 'mine', key);
    const conflict = await codeOf(edit(phone.client, base, 'other words', key));
    const theirs = await edit(other.client, base + 1, 'theirs', key);
    return conflict === 'IDEMPOTENCY_CONFLICT' && theirs.replayed === undefined;
  });
  await check('two calls at once with one key have one effect', async () => {
    const base = await head();
    const key = newId('key');
    const results = await Promise.all([1, 2, 3, 4].map(() => edit(phone.client, base, 'together', key)));
    return new Set(results.map((r) => JSON.stringify(r.output))).size === 1 && (await head()) === base + 1;
  });
  await check('a right that the caller does not hold is named', async () => {
    return (await codeOf(phone.client.invoke('device.list', {}))) === 'SCOPE_MISSING';
  });
  await check('an event reaches the other client with the next number', async () => {
    const { document, version } = (await other.client.invoke('doc.read', { path: PATH })).output as {
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
}
