import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { EXIT, exitOf } from '../../../src/cli/exit-codes.ts';
import { CATEGORIES, type Category, ERROR_CATALOGUE } from '../../../src/common/index.ts';
import { jingu } from '../../support/jingu.ts';
import { output, refusal, StandInBox } from '../../support/stand-in-box.ts';

let box: StandInBox | undefined;
afterEach(async () => {
  await box?.stop();
  box = undefined;
});

const CONTRACT = {
  id: 'thing.do',
  summary: { en: 'Do a thing', zh: '做' },
  effect: 'write',
  risk: 'low',
  input: { type: 'object', properties: { name: { type: 'string' }, wait: { type: 'boolean' } }, required: ['name'] },
  positional: ['name'],
  examples: [{ note: 'one', input: { name: 'a b' } }],
};

async function stand(answer: ConstructorParameters<typeof StandInBox>[0]): Promise<StandInBox> {
  box = new StandInBox((operation, body, count) =>
    operation === 'operation.describe' ? output({ contract: CONTRACT }) : answer(operation, body, count),
  );
  await box.start();
  return box;
}

describe('the exit code', () => {
  it('is the one of the category, for every error there is', () => {
    const numbers = new Set<number>(Object.values(EXIT));
    for (const [code, kind] of Object.entries(ERROR_CATALOGUE)) {
      const exit = exitOf({ code, category: kind.category });
      expect(numbers.has(exit)).toBe(true);
      expect(exit).toBe(code === 'BOX_UNREACHABLE' ? 69 : CATEGORIES[kind.category].exit);
    }
  });

  it.each([
    ['malformed', 2],
    ['bad-request', 2],
    ['bad-input', 2],
    ['internal', 1],
    ['unauthenticated', 4],
    ['denied', 5],
    ['needs-person', 6],
    ['conflict', 7],
    ['not-found', 1],
    ['limited', 75],
    ['unavailable', 75],
    ['outcome-unknown', 8],
    ['cancelled', 1],
  ] as [Category, number][])(
    'of a refusal that is %s is %i, with the error object on stderr',
    async (category, exit) => {
      const { data } = await stand(() => refusal(category, 'SOME_CODE'));
      const said = await jingu(data, ['thing', 'do', 'x']);
      expect(said.code).toBe(exit);
      expect(said.stdout).toBe('');
      expect(JSON.parse(said.stderr)).toMatchObject({ code: 'SOME_CODE', category });
    },
  );

  it('is 69 when nobody answers', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'jingu-none-'));
    const said = await jingu(empty, ['status']);
    rmSync(empty, { recursive: true });
    expect(said.code).toBe(69);
    expect(JSON.parse(said.stderr)).toMatchObject({ code: 'BOX_UNREACHABLE' });
  });

  it('is 2 for words that make no sense, and the call is not made', async () => {
    const { data, calls } = await stand(() => output({}));
    for (const args of [
      ['thing', 'do', '--nmae', 'x'],
      ['thing', 'do', 'a', 'b'],
      ['thing', 'do', 'x', '--timeout', 'soon'],
      ['--nonsense'],
    ]) {
      const said = await jingu(data, args);
      expect([args, said.code]).toEqual([args, 2]);
      expect(JSON.parse(said.stderr)).toMatchObject({ code: 'USAGE' });
    }
    expect(calls.filter((call) => call.path.endsWith('thing.do'))).toEqual([]);
  });

  it.each([
    [{ ok: false }, 1],
    [{ verdict: 'broken' }, 1],
    [{ verdict: 'incomplete' }, 3],
    [{ isSound: false }, 1],
    [{ ok: true, verdict: 'intact' }, 0],
  ])('carries a verdict of the answer: %j', async (answer, exit) => {
    const { data } = await stand(() => output(answer));
    expect((await jingu(data, ['thing', 'do', 'x'])).code).toBe(exit);
  });

  it('is 130 after Ctrl-C, and the last line says how many and why', async () => {
    const ready = 'event: ready\ndata: {}\n\n';
    const event = 'id: e:1\nevent: event\ndata: {"topic":"box","seq":1,"kind":"box-state","at":1,"data":{}}\n\n';
    const { data } = await stand(() => ({ events: ready + event, stayOpen: true }));
    const said = await jingu(data, ['events', 'box'], {}, /ready/);
    expect(said.code).toBe(130);
    expect(said.stderr).toMatch(/^\[events\] ready topic=box\n\[events\] \d events, ended by signal\n$/);
  });

  it('of a stream that the box ended is 0', async () => {
    const event = (n: number) => `id: e:${n}\nevent: event\ndata: {"topic":"box","seq":${n}}\n\n`;
    const { data, calls } = await stand(() => ({ events: `event: ready\ndata: {}\n\n${event(4)}${event(5)}` }));
    const all = await jingu(data, ['events', 'box', '--after', 'e:3']);
    expect(all.code).toBe(0);
    expect(all.stdout).toBe('{"topic":"box","seq":4}\n{"topic":"box","seq":5}\n');
    expect(all.stderr).toBe('[events] ready topic=box\n[events] 2 events, ended by box-gone\n');
    expect(calls.at(-1)!.path).toBe('/api/events/box?after=e:3');
    expect((await jingu(data, ['events', 'box', '--limit', '1'])).stderr).toContain('1 events, ended by limit');
  });
});

describe('a call', () => {
  it('answers one object on stdout off a terminal, without colour, whatever the environment says', async () => {
    const { data } = await stand(() => output({ n: 1 }));
    for (const env of [{}, { FORCE_COLOR: '1' }, { NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      const said = await jingu(data, ['thing', 'do', 'x'], env);
      expect(said).toEqual({ code: 0, stdout: '{"operation":"thing.do","data":{"n":1}}\n', stderr: '' });
    }
  });

  it('carries the envelope', async () => {
    const { data, calls } = await stand(() => output({}));
    await jingu(data, [
      'thing',
      'do',
      'x',
      '--yes',
      '--dry-run',
      '--call-wait',
      '--timeout',
      '5m',
      '--idempotency-key',
      'key-12345',
    ]);
    expect(calls.at(-1)!.body).toEqual({
      input: { name: 'x' },
      idempotencyKey: 'key-12345',
      confirm: true,
      dryRun: true,
      wait: true,
      timeoutMs: 300_000,
    });
  });

  it('lets a member of the input have its name, and moves the common flag aside', async () => {
    const { data, calls } = await stand(() => output({}));
    await jingu(data, ['thing', 'do', 'x', '--no-wait']);
    expect(calls.at(-1)!.body).toMatchObject({ input: { name: 'x', wait: false } });
    expect(calls.at(-1)!.body).not.toHaveProperty('wait');
  });

  it('makes a new key each time, and asks in the language of the terminal', async () => {
    const { data, calls } = await stand(() => output({}));
    await jingu(data, ['thing', 'do', 'x'], { LANG: 'zh_CN.UTF-8' });
    await jingu(data, ['thing', 'do', 'x'], { LANG: 'C.UTF-8' });
    const made = calls.filter((call) => call.path.endsWith('thing.do'));
    expect(new Set(made.map((call) => call.body['idempotencyKey'])).size).toBe(2);
    expect(made.map((call) => call.headers['accept-language'])).toEqual(['zh', 'en']);
  });

  it('is tried once more, with the same key, when the box says that may help, and only then', async () => {
    const { data, calls } = await stand((_operation, _body, count) =>
      count === 1 ? refusal('unavailable', 'ENGINE_RESTARTING', { retryable: true, retryAfterMs: 1 }) : output({}),
    );
    expect((await jingu(data, ['thing', 'do', 'x'])).code).toBe(0);
    const keys = calls.filter((call) => call.path.endsWith('thing.do')).map((call) => call.body['idempotencyKey']);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
    await box!.stop();
    const second = await stand(() => refusal('unavailable', 'ENGINE_RESTARTING', { retryable: true, retryAfterMs: 1 }));
    expect((await jingu(second.data, ['thing', 'do', 'x'])).code).toBe(75);
    expect(second.calls.filter((call) => call.path.endsWith('thing.do'))).toHaveLength(2);
  });

  it('asks nothing off a terminal: a wanted yes is exit 6', async () => {
    const { data, calls } = await stand(() => refusal('needs-person', 'CONFIRMATION_REQUIRED'));
    expect((await jingu(data, ['thing', 'do', 'x'])).code).toBe(6);
    expect(calls.filter((call) => call.path.endsWith('thing.do'))).toHaveLength(1);
  });
});
