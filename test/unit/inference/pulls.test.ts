import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Outbound, OutboundAnswer } from '../../../src/inference/index.ts';
import { pulls } from '../../../src/inference/repository.ts';
import { fakeModel, type Rig, recordOf, rig } from '../../support/inference-rig.ts';

const content = fakeModel();
const record = recordOf(content);

interface Step {
  /** What to send, from the range on; `undefined`: refuse to connect. */
  send?: Buffer;
  status?: number;
  /** Break after so many bytes. */
  breakAfter?: number;
  ignoreRange?: boolean;
}

/** A far side that answers each request with the next step. */
function farSide(steps: Step[]): Outbound & { asked: { url: string; from: number }[] } {
  const asked: { url: string; from: number }[] = [];
  return {
    asked,
    open: ({ url, range }): Promise<OutboundAnswer> => {
      const step = steps.shift();
      asked.push({ url, from: range?.from ?? 0 });
      if (!step?.send) return Promise.reject(new Error('no route'));
      const from = step.ignoreRange ? 0 : (range?.from ?? 0);
      const status = step.status ?? (from > 0 ? 206 : 200);
      const body = step.send.subarray(from);
      return Promise.resolve({
        status,
        headers: { 'content-range': `bytes ${from}-${step.send.length - 1}/${step.send.length}` },
        body: (async function* () {
          for (let at = 0; at < body.length; at += 10_000) {
            if (step.breakAfter !== undefined && at >= step.breakAfter) throw new Error('the line broke');
            yield body.subarray(at, at + 10_000);
          }
        })(),
      });
    },
  };
}

async function pull({ store, inference }: Rig): Promise<void> {
  await store.write((tx) => inference.pulls.request(tx, record, 'person'));
  await inference.pulls.settled();
}

describe('a pull', () => {
  it('fetches, verifies and names the file, and tells how far it is', async () => {
    const box = await rig({ records: [record], outbound: farSide([{ send: content }]) });
    await pull(box);
    expect(readFileSync(join(box.models, 'fake.gguf')).equals(content)).toBe(true);
    expect(existsSync(join(box.models, 'fake.gguf.part'))).toBe(false);
    expect(await box.inference.models.view(record)).toMatchObject({ state: 'ready' });
    const states = box.events.filter(({ kind }) => kind === 'pull-progress').map(({ data }) => data['state']);
    expect(states.slice(-2)).toEqual(['verifying', 'done']);
  });

  it('goes on at the next source where the first one broke off', async () => {
    const outbound = farSide([{ send: content, breakAfter: 50_000 }, { send: content }]);
    const box = await rig({ records: [record], outbound });
    await pull(box);
    expect(outbound.asked[1]!.from).toBeGreaterThan(0);
    expect(outbound.asked.map(({ url }) => new URL(url).host)).toEqual(['huggingface.co', 'www.modelscope.cn']);
    expect(readFileSync(join(box.models, 'fake.gguf')).equals(content)).toBe(true);
  });

  it('starts over when a source does not honour the range', async () => {
    const box = await rig({
      records: [record],
      outbound: farSide([
        { send: content, breakAfter: 50_000 },
        { send: content, ignoreRange: true },
      ]),
    });
    await pull(box);
    expect(readFileSync(join(box.models, 'fake.gguf')).equals(content)).toBe(true);
  });

  it('throws away bytes with another digest and never gives them the name', async () => {
    const wrong = Buffer.from(content);
    wrong[100]! ^= 1;
    const box = await rig({ records: [record], outbound: farSide([{ send: wrong }, { send: wrong }]) });
    await pull(box);
    expect(existsSync(join(box.models, 'fake.gguf'))).toBe(false);
    expect(existsSync(join(box.models, 'fake.gguf.part'))).toBe(false);
    expect(await box.inference.models.view(record)).toMatchObject({
      state: 'absent',
      reason: expect.stringContaining('digest'),
    });
  });

  it.each([
    ['longer', Buffer.concat([fakeModel(content.length, 5), content])],
    ['shorter', content.subarray(0, 100_000)],
  ])('fails with its reason when what comes is %s than the model', async (_, sent) => {
    const box = await rig({ records: [record], outbound: farSide([{ send: sent }, {}]) });
    await pull(box);
    expect(existsSync(join(box.models, 'fake.gguf'))).toBe(false);
    expect(pulls.find(box.store, 'fake')).toMatchObject({ state: 'failed', reason: expect.stringContaining('bytes') });
  });

  it('does not let bytes of a bad source spoil a good one', async () => {
    const bad = fakeModel(content.length, 5);
    const outbound = farSide([{ send: bad, breakAfter: 50_000 }, { send: content }, { send: content }]);
    const box = await rig({ records: [record], outbound });
    await pull(box);
    expect(outbound.asked.map(({ from }) => from)).toEqual([0, 50_000, 0]);
    expect(readFileSync(join(box.models, 'fake.gguf')).equals(content)).toBe(true);
  });

  it('is taken up again after a restart, from the last journalled byte', async () => {
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const outbound: Outbound = {
      open: (_request, signal) =>
        Promise.resolve({
          status: 200,
          headers: {},
          body: (async function* () {
            yield content.subarray(0, 60_000);
            release!();
            await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('cut'))));
          })(),
        }),
    };
    const first = await rig({ records: [record], outbound });
    await first.store.write((tx) => first.inference.pulls.request(tx, record, null));
    await held;
    const after = farSide([{ send: content }]);
    const second = await first.again({ outbound: after });
    await second.inference.pulls.settled();
    expect(after.asked[0]!.from).toBe(60_000);
    expect(readFileSync(join(second.models, 'fake.gguf')).equals(content)).toBe(true);
  });

  it('trusts only journalled bytes of a part: what lies behind them is cut off', async () => {
    const box = await rig({ records: [record], outbound: farSide([{ send: content }]) });
    writeFileSync(join(box.models, 'fake.gguf.part'), Buffer.alloc(80_000));
    await pull(box);
    expect(readFileSync(join(box.models, 'fake.gguf')).equals(content)).toBe(true);
  });

  it('is refused at once without a way out', async () => {
    const box = await rig({ records: [record] });
    await expect(box.store.write((tx) => box.inference.pulls.request(tx, record, null))).rejects.toMatchObject({
      code: 'MODEL_PULL_FAILED',
    });
    expect(pulls.find(box.store, 'fake')).toBeUndefined();
  });
});
