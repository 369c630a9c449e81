import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallError, JinguClient } from '../../../src/client/index.ts';
import { type Hello, parsePairingLink } from '../../../src/protocol/index.ts';
import { Checks } from '../../support/checks.ts';
import { LiveBox } from '../../support/live-box.ts';
import { pairDevice } from '../../support/paired.ts';
import { SCRIPTED_ENGINE } from '../../support/scripted-model.ts';
import { Stranger } from '../../support/stranger.ts';

export const PATH = 'office/minutes.md';
export const STATUS = '/api/op/box.status';
export const NO_INPUT = JSON.stringify({ input: {} });

export type LanRig = Awaited<ReturnType<typeof lanRig>>;

/** Two devices of one person, one of another and a stranger, all connected to one box with a share of two documents. */
export async function lanRig() {
  await using ends = new AsyncDisposableStack();
  const share = mkdtempSync(join(tmpdir(), 'jingu-share-'));
  ends.defer(() => rmSync(share, { recursive: true, force: true }));
  writeFileSync(join(share, 'minutes.md'), '# Minutes\n\nThe review meeting is on Tuesday.\n');
  writeFileSync(join(share, 'long.txt'), 'The same line, again and again, so that an answer is long.\n'.repeat(5000));
  const box = ends.use(await LiveBox.start({ engineProgram: SCRIPTED_ENGINE }));
  const { spki } = parsePairingLink(box.link)!;
  await box.run('workspace.add', { name: 'office', root: share });
  const phone = await pairDevice(box, { person: 'Staff one' });
  const tablet = await pairDevice(box, { personId: phone.personId });
  const other = await pairDevice(box, { person: 'Staff two' });
  for (const device of [phone, tablet, other]) ends.defer(() => device.client.close());
  const hello = await phone.client.connect();
  await tablet.client.connect();
  await other.client.connect();
  const { bearer } = await phone.client.bearer();
  const auth = { authorization: `Bearer ${bearer}` };
  const head = async (client: JinguClient<Hello> = phone.client) =>
    ((await client.invoke('doc.read', { path: PATH })).output as { version: number }).version;
  const edit = (client: JinguClient<Hello>, base: number, text: string, idempotencyKey: string) =>
    client.invoke('doc.edit', { path: PATH, base, verbs: [{ put: '>3', text: [text] }] }, { idempotencyKey });
  const checks = new Checks();
  const check = (promise: string, fn: () => boolean | Promise<boolean>) => checks.check(promise, fn);
  const all = ends.move();
  return {
    ...{ box, spki, phone, tablet, other, stranger: new Stranger(box.address), hello, auth, head, edit, checks, check },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** The code that a call was refused with, or `ok`. */
export function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'ok',
    (error: CallError) => error.code,
  );
}
