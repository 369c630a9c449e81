import { join } from 'node:path';
import type { JinguClient } from '../../../src/client/index.ts';
import { openFolder } from '../../../src/client-node/index.ts';
import type { BoxEvent, Hello } from '../../../src/protocol/index.ts';
import { Checks } from '../../support/checks.ts';
import { LiveBox } from '../../support/live-box.ts';
import { type PairedDevice, pairDevice } from '../../support/paired.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'support', 'daemon-with-agent.ts');

export interface Row {
  id: string;
  rev: number;
  kind: string;
  state: string;
  actionHash: string | null;
  card: { title: string; diff?: string };
}
export interface Listed {
  approvals: Row[];
  pending: number;
}

export type ApprovalRig = Awaited<ReturnType<typeof approvalRig>>;

/** A box with an operation that must be approved, two devices of one person and one of somebody else, all connected. */
export async function approvalRig() {
  const checks = new Checks();
  const box = await LiveBox.start({ main: MAIN });
  const phone = await pairDevice(box, { person: 'Staff one' });
  const tablet = await pairDevice(box, { personId: phone.personId });
  const stranger = await pairDevice(box, { person: 'Staff two' });
  const devices = [phone, tablet, stranger];
  for (const device of devices) await device.client.connect();

  const asAgent = (text: string, key: string, operation = 'rig.risky', input: object = { text }) =>
    box.run<{ output: { count: number }; replayed: boolean }>('rig.agent', {
      deviceId: phone.deviceId,
      operation,
      input,
      key,
    });
  const list = async (device: PairedDevice, all = false) =>
    (await device.client.invoke('approval.list', { all })).output as Listed;
  const count = async () => (await box.run<{ count: number }>('rig.count')).count;
  const park = async (key: string, text = key): Promise<Row> => {
    const code = await codeOf(asAgent(text, key));
    if (code !== 'APPROVAL_PENDING') throw new Error(`the call was not parked but ${code}`);
    return (await list(phone)).approvals.find((row) => row.card.diff === `+${text}`)!;
  };
  const show = async (id: string): Promise<Row> => (await phone.client.invoke('approval.show', { id })).output as Row;
  /** One turn of the box: a read has been answered, so everything committed before it is visible. */
  const nextEvent = async (): Promise<void> => {
    await phone.client.invoke('box.status', {});
  };
  const restart = async (): Promise<void> => {
    await box.kill();
    await box.restart();
    for (const device of devices) await comeBack(device, `https://${box.address}`);
  };
  const check = (promise: string, fn: () => boolean | Promise<boolean>) => checks.check(promise, fn);
  return {
    ...{ box, checks, check, phone, tablet, stranger, asAgent, list, count, park, show, nextEvent, restart },
    async [Symbol.asyncDispose](): Promise<void> {
      for (const device of devices) device.client.close();
      await box.dispose();
    },
  };
}

/** The system chose another port at the restart; a phone would find the box by name. */
async function comeBack(device: PairedDevice, origin: string): Promise<void> {
  device.client.close();
  const { folder } = device;
  ({ client: device.client } = await openFolder({
    folder: {
      ...folder,
      box: () => ({ ...folder.box()!, origins: [origin] }),
      key: () => folder.key(),
      load: () => folder.load(),
      save: (kept: never) => folder.save(kept),
    } as never,
    app: { id: 'test', version: '1', platform: 'node' },
  }));
  await device.client.connect();
}

export function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'ok',
    (error: { code?: string; wire?: { code: string } }) => error.wire?.code ?? error.code ?? String(error),
  );
}

export function answer(client: JinguClient<Hello>, row: Row, word: string, more: object = {}) {
  return client.invoke('approval.answer', {
    id: row.id,
    rev: row.rev,
    answer: word,
    ...(row.actionHash ? { actionHash: row.actionHash } : {}),
    ...more,
  });
}

/** Waits for the event that says so, never for a time. */
export function executed(device: PairedDevice, id: string): Promise<string> {
  return new Promise((resolve) => {
    const subscription = device.client.subscribe('approvals', {
      event: (event: BoxEvent) => {
        if (event.kind !== 'approval-executed' || event.data['approvalId'] !== id) return;
        subscription.close();
        resolve(String(event.data['state']));
      },
    });
  });
}
