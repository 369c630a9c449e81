import { describe, expect, it } from 'vitest';
import { CallError, JinguClient } from '../../../src/client/index.ts';
import { fail } from '../../../src/common/index.ts';
import { CLOSE } from '../../../src/protocol/index.ts';
import { VirtualClock } from '../identity/virtual-clock.ts';
import { openHandshake, ScriptedBox, until } from './scripted-box.ts';

function rig() {
  const box = new ScriptedBox();
  const clock = new VirtualClock();
  const client = new JinguClient({
    origins: ['https://box.test:7443'],
    transport: box,
    handshake: openHandshake,
    clock,
    random: () => 0.5,
  });
  const pump = async (done: () => boolean) => {
    await until(() => {
      box.deliver();
      return done();
    });
  };
  const connected = async () => {
    const hello = client.connect();
    await pump(() => client.state !== 'offline');
    await hello;
  };
  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    let isDone = false;
    const mark = () => {
      isDone = true;
    };
    promise.then(mark, mark);
    await pump(() => isDone);
    return promise;
  };
  return { box, clock, client, pump, connected, settled };
}

describe('a call', () => {
  it('carries the key that was made before it was sent, and answers with the result of the box', async () => {
    const { box, client, connected, settled } = rig();
    await connected();
    box.answers['doc.edit'] = () => ({ output: { version: 2 } });
    expect(await settled(client.invoke('doc.edit', { a: 1 }, { idempotencyKey: 'key-12345' }))).toEqual({
      output: { version: 2 },
    });
    expect(box.received.at(-1)).toMatchObject({
      method: 'doc.edit',
      params: { input: { a: 1 }, idempotencyKey: 'key-12345' },
    });
  });

  it('is sent once more with the same key when the connection ends before the answer, and has one effect', async () => {
    const { box, clock, client, connected, pump, settled } = rig();
    await connected();
    const effects = new Map<string, number>();
    box.answers['doc.edit'] = ({ idempotencyKey }) => {
      const key = String(idempotencyKey);
      effects.set(key, effects.get(key) ?? effects.size + 1);
      return { output: { version: effects.get(key) } };
    };
    const call = client.invoke('doc.edit', {});
    await until(() => effects.size === 1);
    box.cut();
    clock.pass(20_000);
    expect(await settled(call)).toEqual({ output: { version: 1 } });
    expect(effects.size).toBe(1);
    expect(client.connects).toBe(2);
    await pump(() => client.state === 'connected');
  });

  it('is not sent a third time', async () => {
    const { box, clock, client, connected, pump } = rig();
    await connected();
    box.answers['doc.edit'] = () => undefined;
    const call = client.invoke('doc.edit', {});
    const failed = expect(call).rejects.toMatchObject({ code: 'CLIENT_CONNECTION_LOST' });
    for (let i = 0; i < 2; i++) {
      await pump(() => box.received.filter((r) => r.method === 'doc.edit').length === i + 1);
      box.cut();
      clock.pass(20_000);
    }
    await failed;
    expect(box.received.filter((r) => r.method === 'doc.edit')).toHaveLength(2);
  });

  it('is tried again on the schedule of the box when it says retryable, and never otherwise', async () => {
    const { box, clock, client, connected, pump, settled } = rig();
    await connected();
    let calls = 0;
    box.answers['a.b'] = () => {
      if (++calls === 1) throw fail('RATE_LIMITED', { limit: 'x', retryAfterMs: 400 });
      return { output: calls };
    };
    const call = client.invoke('a.b', {});
    await pump(() => calls === 1 && box.line!.toClient.length === 0);
    await until(() => true);
    expect(calls).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    clock.pass(400);
    expect(await settled(call)).toEqual({ output: 2 });

    box.answers['c.d'] = () => {
      calls++;
      throw fail('POLICY_DENIED', { ruleId: 'G1' });
    };
    await expect(settled(client.invoke('c.d', {}))).rejects.toMatchObject({ code: 'POLICY_DENIED' });
    expect(calls).toBe(3);
  });

  it('waits for a connection, and fails with its reason when none comes in time', async () => {
    const { clock, client } = rig();
    const call = client.invoke('a.b', {}, { timeoutMs: 1_000 });
    const failed = expect(call).rejects.toMatchObject({ code: 'CLIENT_OFFLINE' });
    clock.pass(6_000);
    await failed;
  });

  it('asks the box to stop on abort, and takes its word for what was done', async () => {
    const { box, client, connected, settled } = rig();
    await connected();
    let asked: unknown;
    box.answers['a.b'] = (_params, _line, id) => {
      asked = id;
      return undefined;
    };
    const abort = new AbortController();
    const call = client.invoke('a.b', {}, { signal: abort.signal });
    await until(() => asked !== undefined);
    abort.abort();
    await until(() => box.received.some((r) => r.method === 'cancel'));
    expect(box.received.at(-1)).toEqual({ method: 'cancel', params: { id: asked } });
    const { resultFrame } = await import('../../../src/protocol/index.ts');
    box.line!.toClient.push(resultFrame(asked as number, { output: 'done all the same' }));
    expect(await settled(call)).toEqual({ output: 'done all the same' });
  });

  it('larger than the box takes is refused here, with both numbers', async () => {
    const { client, connected } = rig();
    await connected();
    await expect(client.invoke('a.b', { text: '文'.repeat(400_000) })).rejects.toMatchObject({
      code: 'TOO_LARGE',
      details: { limit: 1_048_576 },
    });
  });

  it('beyond the number in flight waits its turn, in order', async () => {
    const { box, client, connected, pump, settled } = rig();
    await connected();
    const held: number[] = [];
    box.answers['a.b'] = (_params, _line, id) => {
      held.push(id as number);
      return undefined;
    };
    const calls = Array.from({ length: 100 }, (_, n) => client.invoke('a.b', { n }).then((r) => r.output));
    await until(() => held.length === 56);
    const { resultFrame } = await import('../../../src/protocol/index.ts');
    const all = Promise.all(calls);
    let answered = 0;
    const results = settled(all);
    await pump(() => {
      while (answered < held.length) box.line!.toClient.push(resultFrame(held[answered]!, { output: answered++ }));
      return answered === 100;
    });
    expect(await results).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });
});

describe('a connection', () => {
  it('is made anew with growing jittered pauses, and counted', async () => {
    const { box, clock, client, connected } = rig();
    await connected();
    const waits: number[] = [];
    for (let i = 0; i < 5; i++) {
      box.cut();
      const lines = box.lines.length;
      let waited = 0;
      while (box.lines.length === lines) {
        clock.pass(5);
        waited += 5;
      }
      waits.push(waited);
    }
    expect(client.connects).toBe(1);
    expect(waits).toEqual([125, 250, 500, 1000, 2000]);
  });

  it('that stays silent for two heartbeats is given up', async () => {
    const { box, clock, client, connected } = rig();
    await connected();
    clock.pass(15_000);
    expect(box.received.at(-1)?.method).toBe('session.ping');
    clock.pass(15_000);
    expect(client.state).toBe('connected');
    clock.pass(15_000);
    expect(client.state).toBe('offline');
  });

  it('is tried at once when the page wakes', async () => {
    const { box, clock, client, connected, pump } = rig();
    await connected();
    for (let i = 0; i < 8; i++) {
      box.cut();
      clock.pass(i < 7 ? 20_000 : 0);
    }
    client.wake();
    await pump(() => client.state === 'connected');
    expect(client.connects).toBe(2);
  });

  it.each([
    [CLOSE.revoked, 'DEVICE_REVOKED'],
    [CLOSE.noCommonProtocol, 'PROTOCOL_MISMATCH'],
  ])('closed with %d is not tried again, and says %s', async (code, expected) => {
    const { box, clock, client, connected } = rig();
    await connected();
    const refused: CallError[] = [];
    client.on('refused', (error) => refused.push(error));
    box.cut(code);
    clock.pass(60_000);
    expect(refused.map((e) => e.code)).toEqual([expected]);
    expect(box.lines).toHaveLength(1);
    await expect(client.invoke('a.b', {})).rejects.toMatchObject({ code: expected });
    await expect(client.connect()).rejects.toBeInstanceOf(CallError);
  });

  it('refused at the handshake is not tried again, and says why', async () => {
    const { box, clock, client, settled } = rig();
    box.answers['session.connect'] = () => {
      throw fail('SPKI_MISMATCH');
    };
    await expect(settled(client.connect())).rejects.toMatchObject({ code: 'SPKI_MISMATCH' });
    clock.pass(60_000);
    expect(box.lines).toHaveLength(1);
  });

  it('closed for good ends what waits, twice is harmless, and `using` does it', async () => {
    const { box, client, connected } = rig();
    await connected();
    box.answers['a.b'] = () => undefined;
    const call = client.invoke('a.b', {});
    const failed = expect(call).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    await until(() => box.received.at(-1)?.method === 'a.b');
    {
      using again = client;
      expect(again.state).toBe('connected');
    }
    client.close();
    await failed;
    expect(box.line).toBeUndefined();
  });

  it('renews its session when the box asks', async () => {
    const { box, client, connected, pump } = rig();
    box.answers['session.renew'] = () => ({ expiresInMs: 600_000 });
    await connected();
    const { notificationFrame } = await import('../../../src/protocol/index.ts');
    box.line!.toClient.push(notificationFrame('challenge', { nonce: 'second' }));
    await pump(() => box.received.at(-1)?.method === 'session.renew');
    expect(client.connects).toBe(1);
  });

  it('that sends garbage is dropped and made anew', async () => {
    const { box, clock, client, connected, pump } = rig();
    await connected();
    box.line!.toClient.push('{"half":');
    await pump(() => client.state === 'offline');
    clock.pass(1_000);
    await pump(() => client.state === 'connected');
  });
});
