import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asyncApi } from '../../scripts/gen/asyncapi.ts';
import { openApi } from '../../scripts/gen/openapi.ts';
import { operationsPage } from '../../scripts/gen/reference.ts';
import { newId } from '../../src/common/index.ts';
import { LiveBox } from '../support/live-box.ts';
import { type PairedDevice, pairDevice } from '../support/paired.ts';
import { stampOperations } from '../support/stamp-operations.ts';
import { Stranger } from '../support/stranger.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const IDS = ['stamp.drop', 'stamp.list', 'stamp.put'];
let box: LiveBox;
let phone: PairedDevice;
let digestBefore: string;

beforeAll(async () => {
  box = await LiveBox.start({ main: join(import.meta.dirname, '..', 'support', 'daemon-that-grows.ts') });
  phone = await pairDevice(box, { link: box.link });
  const hello = await phone.client.connect();
  expect(hello.operations.filter((id) => id.startsWith('stamp.'))).toEqual([]);
  await expect(phone.client.invoke('stamp.list', {})).rejects.toMatchObject({ code: 'OPERATION_UNKNOWN' });
  digestBefore = (await box.run<{ digest: string }>('operation.list')).digest;
  // The box is serving and the phone is connected: only now the operations come into being.
  await box.run('rig.grow');
}, 60_000);
afterAll(async () => {
  phone?.client.close();
  await box?.dispose();
});

const key = () => ({ idempotencyKey: newId('key') });

/** The command as a person types it in a clone. */
async function said(...words: string[]): Promise<string> {
  const env = { ...process.env, JINGU_DATA: box.data };
  return (await promisify(execFile)(join(ROOT, 'bin', 'jingu'), words, { env })).stdout;
}

async function typed(...words: string[]): Promise<unknown> {
  return (JSON.parse(await said(...words, '--json')) as { data: unknown }).data;
}

/** A call of the agent for this phone, as a running task makes it. */
async function agent<T>(operation: string, input: object): Promise<T> {
  const request = { deviceId: phone.deviceId, operation, input, key: newId('key') };
  return (await box.run<{ output: T }>('rig.agent', request)).output;
}

describe('an operation registered while the box serves', () => {
  it('answers over the socket that was already open, checks its input, and keeps its key', async () => {
    const keyed = key();
    const first = await phone.client.invoke('stamp.put', { motif: 'crane', value: 80 }, keyed);
    expect(first.output).toEqual({ id: 1, by: 'device' });
    const again = await phone.client.invoke('stamp.put', { motif: 'crane', value: 80 }, keyed);
    expect(again).toMatchObject({ output: { id: 1 }, replayed: true });
    await expect(phone.client.invoke('stamp.put', { motif: 'crane', value: 0 }, key())).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      details: { pointer: '/value' },
    });
    await expect(phone.client.invoke('stamp.ptu', {}, key())).rejects.toMatchObject({
      code: 'OPERATION_UNKNOWN',
      details: { nearest: 'stamp.put' },
    });
  });

  it('is announced: in the list, under another digest, and to whoever connects from now on', async () => {
    const { output } = await phone.client.invoke('operation.list', { noun: 'stamp' });
    expect(output).toMatchObject({ operations: IDS.map((id) => ({ id })) });
    expect((output as { digest: string }).digest).not.toBe(digestBefore);
    const second = await pairDevice(box, { personId: phone.personId });
    const hello = await second.client.connect();
    expect(hello.operations).toEqual(expect.arrayContaining(IDS));
    second.client.close();
  });

  it('answers over REST with the bearer of a signed socket, and nobody without one', async () => {
    const { bearer } = await phone.client.bearer();
    const someone = new Stranger(box.address);
    const body = JSON.stringify({ input: { motif: 'panda', value: 120 } });
    const headers = { authorization: `Bearer ${bearer}`, 'idempotency-key': newId('key') };
    const { status, text } = await someone.http('POST', '/api/op/stamp.put', headers, body);
    expect([status, JSON.parse(text)]).toEqual([200, expect.objectContaining({ output: { id: 2, by: 'device' } })]);
    expect((await someone.http('POST', '/api/op/stamp.put', {}, body)).code).toBe('UNAUTHENTICATED');
  });

  it('is a command with words, help and its own place in the overview', async () => {
    expect(await typed('stamp', 'put', 'lotus', '50')).toEqual({ id: 3, by: 'console' });
    expect(await typed('stamp', 'list')).toEqual({
      stamps: [
        { motif: 'crane', value: 80, by: 'device' },
        { motif: 'panda', value: 120, by: 'device' },
        { motif: 'lotus', value: 50, by: 'console' },
      ],
    });
    const help = await said('stamp', 'put', '--help');
    for (const part of ['stamp put', '[motif] [value]', 'a stamp was bought', 'jingu stamp put crane 80']) {
      expect(help).toContain(part);
    }
    for (const id of IDS) expect(await said('--help')).toContain(`jingu ${id.replace('.', ' ')}`);
  });

  it('is among the tools of the agent, which runs it with the rights of its person', async () => {
    const { operations } = await agent<{ operations: { id: string }[] }>('operation.list', {});
    expect(operations.map(({ id }) => id)).toEqual(expect.arrayContaining(IDS));
    // What is for people and programs only is not a tool.
    expect(operations.map(({ id }) => id)).not.toContain('pair.open');
    const { contract } = await agent<{ contract: { id: string } }>('operation.describe', { id: 'stamp.put' });
    expect(contract).toMatchObject({ id: 'stamp.put', useWhen: ['a stamp was bought'] });
    expect(await agent('stamp.put', { motif: 'pine', value: 30 })).toEqual({ id: 4, by: 'agent' });
  });

  it('asks a person before the agent does what cannot be taken back', async () => {
    await expect(agent('stamp.drop', { id: 1 })).rejects.toMatchObject({ wire: { code: 'APPROVAL_PENDING' } });
    const { approvals } = await box.run<{ approvals: { operation: string }[] }>('approval.list');
    expect(approvals.map((row) => row.operation)).toEqual(['stamp.drop']);
  });

  it('is in the record like every other', async () => {
    const { records } = await box.run<{ records: { body: object }[] }>('audit.list', { max: 500 });
    expect(records.filter((record) => JSON.stringify(record).includes('"stamp.put"')).length).toBeGreaterThanOrEqual(4);
    expect(await box.run('audit.verify')).toMatchObject({ verdict: 'intact', problems: [] });
  });

  it('is in the generated reference, OpenAPI and AsyncAPI', () => {
    // The documents are made from declarations alone: no room, no box.
    const declared = stampOperations({} as never);
    const page = operationsPage(declared);
    for (const id of IDS) expect(page).toContain(`### ${id}`);
    expect(page).toContain('Use it when a stamp was bought.');
    const { paths } = openApi(declared, '1') as { paths: Record<string, object> };
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(IDS.map((id) => `/api/op/${id}`)));
    const { channels } = asyncApi(declared, '1') as { channels: { socket: { messages: object } } };
    expect(Object.keys(channels.socket.messages)).toEqual(
      expect.arrayContaining(IDS.map((id) => id.replace('.', '_'))),
    );
  });
});
