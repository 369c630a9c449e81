import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId, type WireError } from '../../src/common/index.ts';
import { CLOSE, LIMITS, requestFrame } from '../../src/protocol/index.ts';
import { jingu } from '../support/jingu.ts';
import { LiveBox } from '../support/live-box.ts';
import { lacks } from '../support/needs.ts';
import { type PairedDevice, pairDevice } from '../support/paired.ts';
import { TestPhone } from '../support/phone.ts';
import { RawSession } from '../support/raw-session.ts';
import { expectRefusal, refusalOf } from '../support/refusal.ts';
import { type Rule, SCRIPTED_ENGINE, ScriptedModel } from '../support/scripted-model.ts';
import { Stranger } from '../support/stranger.ts';

/*
 * Issue 3, "Bad input and bad days", where a user meets each: a phone, the command, the share. docs/guide/bad-days.md
 * is the same as a table. Every refusal is looked at whole (`refusalOf`), and at the end the record is intact.
 */

const folder = mkdtempSync(join(tmpdir(), 'jingu-bad-days-'));
const share = join(folder, 'share');
const MINUTES =
  '# Minutes\n\nThe printer stands on floor 2.\nThe printer is red.\nLunch is at noon.\nLunch is at noon.\n';
let box: LiveBox;
let phone: PairedDevice;

beforeAll(async () => {
  mkdirSync(share);
  writeFileSync(join(share, 'minutes.md'), MINUTES);
  box = await LiveBox.start({ engineProgram: SCRIPTED_ENGINE });
  await box.run('workspace.add', { name: 'office', root: share });
  phone = await pairDevice(box, { link: box.link });
  await phone.client.connect();
}, 60_000);
afterAll(async () => {
  phone?.client.close();
  await box?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const call = async <T = Record<string, unknown>>(operation: string, input: object): Promise<T> =>
  (await phone.client.invoke(operation, input)).output as T;
const change = async <T = { version: number }>(operation: string, input: object): Promise<T> =>
  (await phone.client.invoke(operation, input, { idempotencyKey: newId('key') })).output as T;
const refused = (code: string, operation: string, input: object) => refusalOf(code, change(operation, input));
const path = 'office/minutes.md';
const onShare = (name: string) => readFileSync(join(share, name), 'utf8');
const read = async (at = path) => {
  const { version, lines } = await call<{ version: number; lines: { text: string }[] }>('doc.read', { path: at });
  return { version, text: lines.map((line) => line.text).join('\n') };
};
/** Polls, because the answer to an edit comes before the file is written. */
const eventually = async (name: string, text: string) =>
  await expect.poll(() => existsSync(join(share, name)) && onShare(name), { timeout: 15_000 }).toBe(text);

describe('an edit that does not fit', () => {
  it('wrong base, stale base, a line that is not there: each says which version or line is meant', async () => {
    const { version } = await read();
    const wrong = await refused('DOC_VERSION_UNKNOWN', 'doc.edit', { path, base: 99, verbs: [{ cut: '1' }] });
    expect(wrong.details).toMatchObject({ version: 99, head: version });
    await refused('DOC_LINE_UNKNOWN', 'doc.edit', { path, base: version, verbs: [{ cut: '70' }] });
    const made = await change('doc.edit', {
      path,
      base: version,
      verbs: [{ set: '4', text: ['The printer is blue.'] }],
    });
    const verbs = [{ set: '4', text: ['The printer is green.'] }];
    const stale = await refused('DOC_STALE_TARGET', 'doc.edit', { path, base: version, verbs });
    expect(JSON.stringify(stale.details)).toContain('The printer is blue.');
    expect((await read()).version).toBe(made.version);
    await change('doc.undo', { path });
    await eventually('minutes.md', MINUTES);
  });

  it('text that is there twice, or not at all, is never guessed: the candidates are named', async () => {
    const { version } = await read();
    const sub = (find: string) => ({ path, base: version, verbs: [{ sub: { find, replace: 'x' } }] });
    const twice = await refused('DOC_AMBIGUOUS', 'doc.edit', sub('Lunch is at noon.'));
    expect(twice.details).toMatchObject({ count: 2 });
    await refused('DOC_TEXT_NOT_FOUND', 'doc.edit', sub('Dinner is at six.'));
    const guarded = { path, base: version, verbs: [{ cut: '3', was: 'something else' }] };
    await refused('DOC_GUARD_FAILED', 'doc.edit', guarded);
    expect((await read()).version).toBe(version);
  });

  it('a member that is not in the contract is refused with its place and the nearest name, in the envelope too', async () => {
    const { version } = await read();
    const unknown = await refused('INPUT_INVALID', 'doc.edit', { path, bsae: version, verbs: [{ cut: '1' }] });
    expect(unknown.details).toMatchObject({ pointer: '/bsae', nearest: 'base' });
    const { bearer } = await phone.client.bearer();
    const headers = { authorization: `Bearer ${bearer}` };
    const body = JSON.stringify({ input: {}, idempotencykey: 'x' });
    const { text } = await new Stranger(box.address).http('POST', '/api/op/box.status', headers, body);
    const wire = expectRefusal('INPUT_INVALID', (JSON.parse(text) as { error: WireError }).error);
    expect(wire.details).toMatchObject({ pointer: '/idempotencykey', nearest: 'idempotencyKey' });
  });
});

describe('a file that is not for editing', () => {
  it('a binary file is named as what it is, and stays as it is', async () => {
    const bytes = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
    writeFileSync(join(share, 'logo.png'), bytes);
    await refusalOf('DOC_READ_ONLY_KIND', call('doc.read', { path: 'office/logo.png' }));
    await refused('DOC_READ_ONLY_KIND', 'doc.edit', { path: 'office/logo.png', base: 1, verbs: [{ cut: '1' }] });
    expect(readFileSync(join(share, 'logo.png')).equals(bytes)).toBe(true);
  });

  it('a file of two gigabytes is refused by its size alone', async () => {
    const giant = join(share, 'giant.txt');
    writeFileSync(giant, 'a line\n'.repeat(100_000));
    truncateSync(giant, 2 * 1024 ** 3);
    const { details } = await refusalOf('DOC_TOO_LARGE', call('doc.read', { path: 'office/giant.txt' }));
    expect(details).toMatchObject({ bytes: 2 * 1024 ** 3 });
    unlinkSync(giant);
  });

  it('a path out of the workspace leads nowhere: dots, NUL, look-alikes, links', async () => {
    writeFileSync(join(folder, 'secret.md'), 'secret\n');
    symlinkSync(join(folder, 'secret.md'), join(share, 'link.md'));
    symlinkSync(folder, join(share, 'up'));
    const cases: [string, string][] = [
      ['office/../secret.md', 'DOC_PATH_INVALID'],
      ['office/sub/../../secret.md', 'DOC_PATH_INVALID'],
      ['office//etc/passwd', 'DOC_PATH_INVALID'],
      ['office/minutes.md\u0000.png', 'DOC_PATH_INVALID'],
      ['office/\u2024\u2024/secret.md', 'DOC_NOT_FOUND'],
      ['office/\uff0e\uff0e/secret.md', 'DOC_NOT_FOUND'],
      ['office/minutes\u200b.md', 'DOC_PATH_INVALID'],
      ['office/\u202edm.setunim', 'DOC_PATH_INVALID'],
      ['office\\..\\secret.md', 'DOC_PATH_INVALID'],
      ['office/link.md', 'DOC_PATH_OUTSIDE'],
      ['office/up/secret.md', 'DOC_PATH_OUTSIDE'],
    ];
    for (const [bad, code] of cases) {
      const wire = await refusalOf(code, call('doc.read', { path: bad }));
      expect(JSON.stringify(wire)).not.toMatch(/root:|"secret\\n"/);
      await refused(code, 'doc.edit', { path: bad, base: 1, verbs: [{ cut: '1' }] });
    }
    await refused('DOC_PATH_OUTSIDE', 'doc.create', { path: 'office/up/new.md', text: 'x' });
    await refused('DOC_PATH_INVALID', 'doc.create', { path: 'office/minutes.md/new.md', text: 'x' });
    expect(existsSync(join(folder, 'new.md'))).toBe(false);
  });
});

describe('a client that misbehaves', () => {
  it('an oversized frame or body is refused, and other clients notice nothing', async () => {
    const raw = await RawSession.connect(box.address, phone.folder);
    raw.send(`"${'x'.repeat(LIMITS.frameBytes)}"`);
    expect(await raw.closeCode()).toBe(CLOSE.tooLarge);
    const { bearer } = await phone.client.bearer();
    const body = JSON.stringify({ input: { path: 'x'.repeat(20 * 1024 * 1024) } });
    const headers = { authorization: `Bearer ${bearer}` };
    const answer = await new Stranger(box.address)
      .http('POST', '/api/op/doc.read', headers, body)
      .catch(() => undefined);
    // The box may answer and hang up before all of it was sent; what it never does is take it.
    if (answer) expectRefusal('TOO_LARGE', (JSON.parse(answer.text) as { error: WireError }).error);
    expect((await read()).text).toContain('Minutes');
  });

  it('garbage before hello is answered with a typed error and a closed socket', async () => {
    const stranger = new Stranger(box.address, '127.0.0.9');
    for (const garbage of ['GET / HTTP/1.1', '{"jsonrpc":"2.0"', '\u0000\u0001', Buffer.from([0xff, 0xfe])]) {
      const { answers, closeCode } = await stranger.frames([garbage]);
      expect(closeCode).toBe(CLOSE.protocolError);
      for (const answer of answers) {
        const { data } = (answer as { error: { data: WireError } }).error;
        expect(data).toMatchObject({ code: expect.stringMatching(/^(MALFORMED|REQUEST_INVALID)$/) });
      }
    }
    const early = await stranger.frames([requestFrame(1, 'doc.read', { input: { path } })]);
    expect([early.closeCode, JSON.stringify(early.answers)]).toEqual([
      CLOSE.sessionEnded,
      expect.stringContaining('UNAUTHENTICATED'),
    ]);
  });
});

describe('pairing on a bad day', () => {
  const open = async () => (await box.run<{ link: string; pairingId: string }>('pair.open')) satisfies object;
  const codeOf = (attempt: Promise<unknown>) => attempt.then(() => 'ok').catch((e: { code?: string }) => e.code);
  let sources = 20;
  const at = (from: number) => new Stranger(box.address, `127.0.0.${from}`).pairing;

  it('two phones scan one code: the first has it, the second is told, and nobody is let in unseen', async () => {
    const { link, pairingId } = await open();
    const [first, second] = [new TestPhone(), new TestPhone()];
    await first.join(at(sources++), link);
    expect(await codeOf(second.join(at(sources++), link))).toBe('PAIRING_TAKEN');
    const refusedDigits = box.run('pair.confirm', { pairingId, check: '000000', role: 'member', personName: 'Two' });
    if (first.check !== '000000') await refusalOf('PAIRING_CHECK_MISMATCH', refusedDigits);
    const { devices } = await box.run<{ devices: unknown[] }>('device.list');
    expect(devices).toHaveLength(1);
    await box.run('pair.cancel', { pairingId });
  });

  it('a spent link, a closed one and one that never was are all the same to who tries', async () => {
    const used = (await open()).link;
    const device = await pairDevice(box, { link: used, person: 'Replay' });
    expect(await codeOf(new TestPhone().join(at(sources++), used))).toBe('PAIRING_LINK_INVALID');
    const cancelled = await open();
    await box.run('pair.cancel', { pairingId: cancelled.pairingId });
    expect(await codeOf(new TestPhone().join(at(sources++), cancelled.link))).toBe('PAIRING_LINK_INVALID');
    await box.run('device.revoke', { deviceId: device.deviceId });
  });

  it('a revoked device is told so, loses its socket, and does not come back', async () => {
    const lost = await pairDevice(box, { person: 'Lost' });
    await lost.client.connect();
    const told = new Promise<{ code: string }>((resolve) => lost.client.on('refused', resolve as never));
    await box.run('device.revoke', { deviceId: lost.deviceId });
    expect(await told).toMatchObject({ code: 'DEVICE_REVOKED' });
    lost.client.close();
  });
});

/** What a small model says to "Delete the line about the printer". */
const DELETE_PRINTER: Rule[] = [
  { when: 'Say what an instruction about a document wants', parts: ['delete'] },
  { when: ['You edit documents', 'The printer is red.'], parts: ['{"old":"The printer is red."'] },
  { when: ['You edit documents', 'floor 2'], parts: ['{"old":"The printer stands on floor 2."'] },
  { when: 'You edit documents', parts: ['{"old":"The printer stands on floor 3."'] },
];

interface Task {
  taskId: string;
  state: string;
  result: string | null;
  summary: string | null;
  waitingFor: string | null;
}

describe('while a task works', () => {
  let model: ScriptedModel;
  const text = 'Delete the line about the printer';
  const ended = /^(done|failed)$/;
  const show = (taskId: string) => call<Task>('task.show', { taskId });
  /** The task once it has ended, or waits for something else than `before`. */
  const settled = async (taskId: string, before?: string | null) => {
    let task = await show(taskId);
    const isSettled = async () => {
      task = await show(taskId);
      return ended.test(task.state) || (task.state === 'waiting' && task.waitingFor !== before);
    };
    await expect.poll(isSettled, { timeout: 20_000 }).toBe(true);
    return task;
  };
  /** Two lines fit, so the task asks which one is meant. */
  const asking = async (document: string) => {
    const { taskId } = await change<Task>('task.submit', { text, workspace: 'office', documents: [document] });
    const task = await settled(taskId);
    expect([task.summary, task]).toMatchObject([
      null,
      { state: 'waiting', waitingFor: expect.stringMatching(/^apr_/) },
    ]);
    return task;
  };
  const answer = (task: Task) => change('approval.answer', { id: task.waitingFor, answer: 'option-1' });

  beforeAll(async () => {
    model = await ScriptedModel.give(box, DELETE_PRINTER);
  });

  it('the file is saved by somebody else: the save stays, and the task looks again before it touches anything', async () => {
    writeFileSync(join(share, 'changed.md'), MINUTES);
    const task = await asking('office/changed.md');
    const theirs = MINUTES.replace('The printer is red.', 'The printer is sold.').replace('floor 2', 'floor 3');
    writeFileSync(join(share, 'changed.md'), theirs);
    await call('doc.status', { path: 'office/changed.md', waitMs: 10_000 });
    await expect.poll(async () => (await read('office/changed.md')).text, { timeout: 15_000 }).toContain('sold');
    await answer(task);
    // Thought over anew: nobody has said yes to a line of the text of now.
    const next = await settled(task.taskId, task.waitingFor);
    expect(next).toMatchObject({ state: 'waiting' });
    expect(onShare('changed.md')).toBe(theirs);
    await answer(next);
    expect(await settled(task.taskId, next.waitingFor)).toMatchObject({ state: 'done', result: 'changed' });
    await eventually('changed.md', theirs.replace('The printer stands on floor 3.\n', ''));
  });

  it('the file is deleted: the task ends with a plain report, and the last text can be brought back', async () => {
    writeFileSync(join(share, 'deleted.md'), MINUTES);
    const task = await asking('office/deleted.md');
    unlinkSync(join(share, 'deleted.md'));
    await expect
      .poll(
        async () => (await call('doc.read', { path: 'office/deleted.md' }).catch((e: { code: string }) => e)) ?? {},
        {
          timeout: 15_000,
        },
      )
      .toMatchObject({ code: 'DOC_DELETED' });
    await answer(task);
    const end = await settled(task.taskId, task.waitingFor);
    expect(end.summary).toMatch(/DOC_DELETED|deleted/);
    expect(existsSync(join(share, 'deleted.md'))).toBe(false);
    await change('doc.rollback', { path: 'office/deleted.md', to: 'v1' });
    await eventually('deleted.md', MINUTES);
  });

  it('the engine is killed: who waits gets an error that may be retried, and a task goes on by itself', async () => {
    model.script([{ when: 'never end', parts: ['once '], hold: true }, ...DELETE_PRINTER]);
    const { secret } = await box.run<{ secret: string }>('token.create', { name: 'chat', days: 1 });
    const body = (content: string) =>
      JSON.stringify({ model: `box/${model.id}`, messages: [{ role: 'user', content }] });
    const ask = (content: string) =>
      new Stranger(box.address, '127.0.0.40').http(
        'POST',
        '/v1/chat/completions',
        { authorization: `Bearer ${secret}` },
        body(content),
      );
    const waiting = ask('never end');
    const guest = async () => {
      const { guests } = await box.run<{ guests: { name: string; state: string; pid: number }[] }>('box.status');
      return guests.find(({ name, state }) => name.startsWith('engine') && state === 'busy');
    };
    await expect.poll(guest, { timeout: 10_000 }).toBeTruthy();
    process.kill((await guest())!.pid, 'SIGKILL');
    const answered = await waiting;
    expect([answered.status, answered.code]).toEqual([503, 'ENGINE_RESTARTING']);
    writeFileSync(join(share, 'after.md'), MINUTES);
    const task = await asking('office/after.md');
    await answer(task);
    expect(await settled(task.taskId, task.waitingFor)).toMatchObject({ state: 'done', result: 'changed' });
    await change('task.undo', { taskId: task.taskId });
    await eventually('after.md', MINUTES);
  });

  it('a model file that was cut off or altered is not loaded, and the reason is said', async () => {
    const { path: file } = await call<{ path: string }>('model.show', { id: model.id });
    const whole = readFileSync(file);
    await box.run('model.unload', { id: model.id });
    truncateSync(file, whole.length - 3);
    await refusalOf('MODEL_ALTERED', box.run('model.load', { id: model.id }));
    const altered = Buffer.from(whole);
    altered[10]! ^= 1;
    writeFileSync(file, altered);
    await refusalOf('MODEL_ALTERED', box.run('model.load', { id: model.id }));
    writeFileSync(file, whole);
    await box.run('model.load', { id: model.id });
  });
});

describe('the machine', () => {
  it('the daemon is killed with edits under way: every one that was answered is there, once', async () => {
    writeFileSync(join(share, 'killed.txt'), 'begin\n');
    await call('doc.read', { path: 'office/killed.txt' });
    const answered: string[] = [];
    const attempts = Array.from({ length: 60 }, async (_, n) => {
      await box.run('doc.edit', { path: 'office/killed.txt', base: 1, verbs: [{ put: '>1', text: [`line ${n}`] }] });
      answered.push(`line ${n}`);
      if (answered.length === 20) void box.kill();
    });
    await Promise.allSettled(attempts);
    await box.exited();
    expect(answered.length).toBeGreaterThanOrEqual(20);
    await box.restart();
    const { lines } = await box.run<{ lines: { text: string }[] }>('doc.read', { path: 'office/killed.txt' });
    const texts = lines.map((line) => line.text);
    expect(texts.filter((line) => answered.includes(line)).sort()).toEqual([...answered].sort());
    expect(new Set(texts).size).toBe(texts.length);
    await expect.poll(() => onShare('killed.txt'), { timeout: 15_000 }).toBe(`${texts.join('\n')}\n`);
  });

  it('a port in use is named, and what to do', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const late = new LiveBox({ port });
    const said = await late.start().catch((error: Error) => error.message);
    taken.close();
    expect(said).toContain(`${port}`);
    expect(said).toMatch(/LISTEN_FAILED/);
    expect(said).toMatch(/--port/);
    expect(said).not.toMatch(/^\s+at /m);
    await late.dispose();
  });

  it('a second daemon on the same data is told who has it; the command says when none runs', async () => {
    const said = await new LiveBox({ data: box.data }).start().catch((error: Error) => error.message);
    expect(said).toContain(`process ${box.pid}`);
    expect(said).toContain('STORE_LOCKED');
    expect(said).not.toMatch(/^\s+at /m);
    const nobody = await jingu(join(folder, 'nowhere'), ['status']);
    expect(nobody.code).toBe(69);
    expect(JSON.parse(nobody.stderr)).toMatchObject({ code: expect.any(String), hint: expect.stringMatching(/\S/) });
  });
});

it('after all of it the record and the history are intact, and the box is well', async () => {
  expect(await box.run('audit.verify')).toMatchObject({ verdict: 'intact', problems: [] });
  expect(await box.run('doc.verify', { path: 'office', full: true })).toMatchObject({ ok: true, problems: [] });
  expect(await box.run('box.doctor')).toMatchObject({ ok: true });
});

const noMounts = await lacks('mounts');
describe('a box with a disk of its own', () => {
  const disk = join(folder, 'disk');
  const papers = join(folder, 'papers');
  const data = join(disk, 'data');
  const mounts: string[] = [];
  let small: LiveBox | undefined;

  beforeAll(async () => {
    for (const [at, size] of [
      [disk, '64m'],
      [papers, '4m'],
    ] as const) {
      mkdirSync(at);
      if (noMounts) continue;
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', at], { stdio: 'pipe' });
      mounts.push(at);
    }
    writeFileSync(join(papers, 'a.md'), 'one\ntwo\n');
    small = await LiveBox.start({ data });
    await small.run('workspace.add', { name: 'papers', root: papers });
    await small.run('doc.read', { path: 'papers/a.md' });
  }, 60_000);
  afterAll(async () => {
    await small?.dispose();
    for (const at of mounts) execFileSync('umount', ['-l', at]);
  });

  const edit = (text: string[]) =>
    small!.run('doc.edit', { path: 'papers/a.md', base: 1, verbs: [{ put: '>2', text }] });
  const state = async () => {
    const { documents } = await small!.run<{ documents: object[] }>('doc.status', {
      path: 'papers/a.md',
      waitMs: 5000,
    });
    return documents[0]!;
  };
  const intact = async () =>
    expect(await small!.run('audit.verify')).toMatchObject({ verdict: 'intact', problems: [] });
  /** What the daemon says on stderr when it does not come up: one sentence with a way out, no stack. */
  const refusedStart = async (): Promise<string> => {
    const failed = await new LiveBox({ data }).start().then(
      () => 'it started',
      (error: Error) => error.message,
    );
    expect(failed).toContain('ended (1) before it was ready');
    expect(failed).not.toMatch(/^\s+at /m);
    return failed;
  };

  it.skipIf(noMounts)(
    'a full disk: the edit is refused and nothing of it is there; with room again the next one works',
    async () => {
      const filler = join(disk, 'filler');
      expect(() => writeFileSync(filler, Buffer.alloc(80 * 1024 * 1024))).toThrow(/ENOSPC/);
      // Noise does not compress: soon no page is left.
      const noise = Array.from({ length: 40 }, () =>
        Buffer.from(crypto.getRandomValues(new Uint8Array(3000))).toString('base64'),
      );
      await refusalOf('DISK_FULL', edit(noise));
      const { findings } = await small!.run<{ findings: { check: string; ok: boolean; next?: string }[] }>(
        'box.doctor',
      );
      expect(findings.find(({ check }) => check === 'disk')).toMatchObject({ ok: false, next: expect.any(String) });
      expect(await state()).toMatchObject({ version: 1 });
      unlinkSync(filler);
      await edit(['three']);
      await expect
        .poll(() => readFileSync(join(papers, 'a.md'), 'utf8'), { timeout: 10_000 })
        .toBe('one\ntwo\nthree\n');
      await intact();
    },
  );

  it.skipIf(noMounts)(
    'a share that became read-only: the edit is kept, the status says why, and the file follows later',
    async () => {
      execFileSync('mount', ['-o', 'remount,ro', papers]);
      await edit(['kept']);
      expect(await state()).toMatchObject({
        state: 'failed',
        reason: 'the share is read-only',
        version: 3,
        onShare: 2,
      });
      execFileSync('mount', ['-o', 'remount,rw', papers]);
      await expect.poll(() => readFileSync(join(papers, 'a.md'), 'utf8'), { timeout: 15_000 }).toContain('kept');
    },
  );

  it('a typo in the settings: the box says which key in which file, lets everybody read and nobody write', async () => {
    await small!.stop();
    const file = join(data, 'jingu.toml');
    writeFileSync(file, '# the office\nprot = 7443\n');
    await small!.restart();
    expect(small!.stdout).toContain('RECOVERY MODE');
    for (const part of ['prot', '"port"', file]) expect(small!.stdout).toContain(part);
    expect(await small!.run('doc.read', { path: 'papers/a.md' })).toMatchObject({ path: 'papers/a.md' });
    const wire = await refusalOf('RECOVERY_MODE', edit(['not now']));
    expect(wire.message).toContain('prot');
    await small!.stop();
    rmSync(file);
    await small!.restart();
    expect(await small!.run('box.status')).toMatchObject({ state: 'serving' });
  });

  it('a record that was altered, or keys that are not its own: no start, a reason, a way back', async () => {
    const { name } = await small!.run<{ name: string }>('backup.create');
    await small!.stop();
    const keys = join(data, 'keys');
    renameSync(keys, join(data, 'keys.away'));
    expect(await refusedStart()).toMatch(/AUDIT_KEY_UNKNOWN|BOX_MISMATCH/);
    rmSync(keys, { recursive: true, force: true });
    renameSync(join(data, 'keys.away'), keys);

    const db = new DatabaseSync(join(data, 'jingu.db'));
    // Whoever can write the file can also take its guards away.
    for (const { name: guard } of db.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all()) {
      db.exec(`DROP TRIGGER ${String(guard)}`);
    }
    db.exec('UPDATE audit_event SET ts = ts + 1 WHERE seq = (SELECT max(seq) FROM audit_event)');
    db.close();
    const said = await refusedStart();
    expect(said).toMatch(/AUDIT_BROKEN/);
    expect(said).toContain('jingu backup restore');

    const restored = await jingu(data, ['backup', 'restore', name, '--yes']);
    expect([restored.code, restored.stderr]).toEqual([0, expect.any(String)]);
    await small!.restart();
    await intact();
    expect(await small!.run('doc.verify', { path: 'papers', full: true })).toMatchObject({ ok: true });
  });

  it('a clock that was set back: the doctor names it, and a token that had ended does not come back', async () => {
    const { secret } = await small!.run<{ secret: string }>('token.create', { name: 'old', days: 1 });
    const ask = async () => {
      const headers = { authorization: `Bearer ${secret}` };
      return (await new Stranger(small!.address).http('GET', '/v1/models', headers)).code;
    };
    expect(await ask()).toBe(undefined);
    await small!.stop();
    // To the box it is the same whether it was up two days from now and the clock went back, or this.
    const db = new DatabaseSync(join(data, 'jingu.db'));
    const later = String(Date.now() + 2 * 86_400_000);
    db.prepare("UPDATE store_meta SET value = ? WHERE key = 'newest-time'").run(later);
    db.close();
    await small!.restart();
    expect(await ask()).toBe('TOKEN_INVALID');
    const { findings } = await small!.run<{ findings: object[] }>('box.doctor');
    expect(findings).toContainEqual(
      expect.objectContaining({ check: 'clock', ok: false, next: expect.stringContaining('timedatectl') }),
    );
    await edit(['still working']);
    await intact();
  });
});
