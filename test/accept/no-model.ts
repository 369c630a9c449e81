/**
 * The box without a model and without any source of one: the real daemon in a network namespace that has loopback and
 * nothing else. It says so in one sentence, everything but the model works, what needs a model answers a typed error,
 * and a file brought by hand makes it whole.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { synthGguf, TINY } from '../../scripts/synth-gguf.ts';
import { newId } from '../../src/common/index.ts';
import { Checks } from '../support/checks.ts';
import { dataOf, jingu } from '../support/jingu.ts';
import { LiveBox } from '../support/live-box.ts';
import { type PairedDevice, pairDevice } from '../support/paired.ts';
import { Stranger } from '../support/stranger.ts';
import { unavailable, waitFor } from './support/checks.ts';

const INSIDE = '--inside';
const STARTER = 'qwen2.5-coder-1.5b';
const BRING = 'jingu model import <file';

if (process.argv.includes(INSIDE)) process.exitCode = await inside();
else {
  // Root makes the namespace at once; anybody else needs user namespaces, which some kernels forbid.
  const flags = process.getuid?.() === 0 ? ['--net'] : ['--net', '--map-root-user'];
  const probe = spawnSync('unshare', [...flags, 'ip', 'link', 'set', 'lo', 'up']);
  if (probe.status !== 0) unavailable('no network namespace can be made here, so a source might be reached');
  const self = [process.execPath, fileURLToPath(import.meta.url), INSIDE];
  const child = spawn('unshare', [...flags, 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...self], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  child.once('exit', (code) => process.exit(code ?? 1));
}

async function inside(): Promise<number> {
  const checks = new Checks();
  const folder = mkdtempSync(join(tmpdir(), 'jingu-no-model-'));
  const share = mkdtempSync(join(folder, 'share-'));
  writeFileSync(join(share, 'minutes.md'), '# Minutes\n\nThe review meeting is on Tuesday.\n');
  await setup(checks, folder);
  const box = await LiveBox.start();
  try {
    await starts(checks, box);
    const phone = await works(checks, box, share);
    await refuses(checks, box, share);
    await imports(checks, box, folder);
    await checks.check('after all of it the record is intact', async () => {
      return (await box.run<{ verdict: string }>('audit.verify')).verdict === 'intact';
    });
    phone.client.close();
  } finally {
    await box.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
  return checks.end();
}

/** What `npm start` runs before the daemon. */
async function setup(checks: Checks, folder: string): Promise<void> {
  await checks.check('the setup tries every source, then says in one sentence what to do, and goes on', () => {
    const program = join(import.meta.dirname, '../../scripts/starter-model.ts');
    const { PATH } = process.env;
    const env = { PATH, HOME: folder, JINGU_CACHE: join(folder, 'cache') };
    const { status, stdout, stderr } = spawnSync(process.execPath, [program], { env, encoding: 'utf8' });
    const last = stderr.trimEnd().split('\n').at(-1) ?? '';
    if (status !== 3 || stdout !== '') throw new Error(`exit ${status}, ${stdout}${stderr}`);
    return last.includes(BRING) && last.startsWith('No source had the starter model');
  });
}

async function starts(checks: Checks, box: LiveBox): Promise<void> {
  await checks.check('the banner says in one line that there is no model and which command brings one', () => {
    const lines = box.stdout.split('\n').filter((line) => /\bmodel\b/i.test(line));
    return lines.length === 1 && lines[0]!.includes('none yet') && lines[0]!.includes(BRING);
  });
  await checks.check('the status says the same, and the box serves', async () => {
    const { state, model } = await box.run<{ state: string; model: string }>('box.status');
    return state === 'serving' && model.includes(BRING);
  });
  await checks.check('the doctor finds every part well: no model is no fault', async () => {
    return dataOf<{ ok: boolean }>(await jingu(box.data, ['doctor'])).ok;
  });
  await checks.check('the starter model is listed as absent', async () => {
    const { models } = await box.run<{ models: { id: string; state: string }[] }>('model.list');
    return models.some(({ id, state }) => id === STARTER && state === 'absent');
  });
}

/** Everything a person does without a model. */
async function works(checks: Checks, box: LiveBox, share: string): Promise<PairedDevice> {
  const path = 'office/minutes.md';
  const file = join(share, 'minutes.md');
  const before = readFileSync(file, 'utf8');
  const onShare = (text: string) => waitFor('the file', 10_000, () => readFileSync(file, 'utf8') === text);
  const phone = await pairDevice(box, { link: box.link });
  await checks.check('a phone pairs by the printed link and connects', async () => {
    return (await phone.client.connect()).caller.deviceId === phone.deviceId;
  });
  await checks.check('a folder is added and its documents are listed', async () => {
    await box.run('workspace.add', { name: 'office', root: share });
    const { documents } = (await phone.client.invoke('doc.list', { workspace: 'office' })).output as {
      documents: { path: string }[];
    };
    return documents.some((d) => d.path === path);
  });
  await checks.check('a document is read, found in, edited; the file on the share follows', async () => {
    const { version } = (await phone.client.invoke('doc.read', { path })).output as { version: number };
    const verbs = [
      { set: '3', text: ['The review meeting is on Thursday.'], was: 'The review meeting is on Tuesday.' },
    ];
    await phone.client.invoke('doc.edit', { path, base: version, verbs }, { idempotencyKey: newId('key') });
    await onShare(before.replace('Tuesday', 'Thursday'));
    const found = (await phone.client.invoke('doc.find', { path, words: 'Thursday', max: 3 })).output;
    return JSON.stringify(found).includes('Thursday');
  });
  await checks.check('the edit is taken back to the first bytes', async () => {
    await phone.client.invoke('doc.undo', { path }, { idempotencyKey: newId('key') });
    await onShare(before);
    return true;
  });
  await checks.check('the record exports, and the export verifies offline', async () => {
    const { text } = dataOf<{ text: string }>(await jingu(box.data, ['audit', 'export', '--into', 'text']));
    const copy = join(share, '..', 'record.ndjson');
    writeFileSync(copy, text);
    const verdict = dataOf<{ verdict: string }>(await jingu(join(share, '..'), ['audit', 'verify', copy]));
    return verdict.verdict === 'intact';
  });
  return phone;
}

/** What needs a model, while there is none. */
async function refuses(checks: Checks, box: LiveBox, share: string): Promise<void> {
  await checks.check('loading, chatting and asking by name answer MODEL_NOT_READY with both ways out', async () => {
    const calls = [jingu(box.data, ['model', 'load', STARTER]), jingu(box.data, ['model', 'load', `box/${STARTER}`])];
    for (const said of await Promise.all(calls)) {
      const error = JSON.parse(said.stderr) as { code: string; hint: string };
      if (said.code === 0 || error.code !== 'MODEL_NOT_READY') throw new Error(said.stderr);
      if (!error.hint.includes('model pull') || !error.hint.includes(BRING)) throw new Error(error.hint);
    }
    return true;
  });
  await checks.check('a model nobody knows is MODEL_UNKNOWN', async () => {
    const said = await jingu(box.data, ['model', 'load', 'nonesuch']);
    return (JSON.parse(said.stderr) as { code: string }).code === 'MODEL_UNKNOWN';
  });
  await checks.check('a pull without a network ends as failed and names the reason of every source', async () => {
    await box.run('model.pull', { id: STARTER });
    const { value } = await waitFor('the end of the pull', 60_000, async () => {
      const seen = await box.run<{ state: string; reason: string | null }>('model.show', { id: STARTER });
      return seen.state === 'absent' && seen.reason !== null && seen.reason;
    });
    return /hugging/i.test(value) && /modelscope/i.test(value);
  });
  await checks.check('/v1 lists no model and answers a chat with a typed 503', async () => {
    const { secret } = await box.run<{ secret: string }>('token.create', { name: 'no model', days: 1 });
    const program = new Stranger(box.address);
    const auth = { authorization: `Bearer ${secret}` };
    const models = JSON.parse((await program.http('GET', '/v1/models', auth)).text) as { data: unknown[] };
    for (const stream of [false, true]) {
      const body = JSON.stringify({ model: 'auto', stream, messages: [{ role: 'user', content: 'hello' }] });
      const answer = await program.http('POST', '/v1/chat/completions', auth, body);
      if (answer.status !== 503 || answer.code !== 'MODEL_NOT_READY') throw new Error(answer.text);
      if (!answer.text.includes(BRING)) throw new Error(`no way out: ${answer.text}`);
    }
    return models.data.length === 0;
  });
  await checks.check('a task ends by itself with a plain report, and no document was touched', async () => {
    const said = await jingu(box.data, [
      'task',
      'submit',
      'The review meeting moves to Friday',
      '--workspace',
      'office',
      '--wait',
    ]);
    const { tasks } = await box.run<{ tasks: { state: string; result: string; summary: string }[] }>('task.list');
    const [task] = tasks;
    if (task?.state !== 'failed' || said.code === 0) throw new Error(JSON.stringify({ tasks, said }));
    if (!task.summary.includes('not ready') || !task.summary.includes(BRING)) throw new Error(task.summary);
    return readFileSync(join(share, 'minutes.md'), 'utf8').includes('Tuesday');
  });
}

async function imports(checks: Checks, box: LiveBox, folder: string): Promise<void> {
  const bring = (file: string) => jingu(box.data, ['model', 'import', file]);
  await checks.check('a file that is no model is refused, with the reason', async () => {
    const wrong: [string, string | null][] = [
      [join(folder, 'letter.gguf'), 'Dear colleagues'],
      [join(folder, 'empty.gguf'), ''],
      [join(folder, 'absent.gguf'), null],
    ];
    for (const [file, text] of wrong) {
      if (text !== null) writeFileSync(file, text);
      const said = await bring(file);
      if (said.code === 0 || !said.stderr.includes('MODEL_FILE_INVALID')) throw new Error(`${file}: ${said.stderr}`);
    }
    return (await bring(folder)).stderr.includes('MODEL_FILE_INVALID');
  });
  const tiny = join(folder, 'tiny.gguf');
  writeFileSync(tiny, synthGguf(TINY));
  await checks.check('half a model is imported as what it is and never loaded: the engine says so', async () => {
    const half = join(folder, 'half.gguf');
    writeFileSync(half, readFileSync(tiny));
    truncateSync(half, 300_000);
    const { id } = dataOf<{ id: string }>(await bring(half));
    const said = await jingu(box.data, ['model', 'load', id]);
    return said.code !== 0 && said.stderr.includes('MODEL_LOAD_FAILED') && existsSync(box.socketPath);
  });
  await checks.check('a model file is imported, loads, answers a chat and is what `auto` means', async () => {
    const { id } = dataOf<{ id: string; known: boolean }>(await bring(tiny));
    dataOf(await jingu(box.data, ['model', 'load', id]));
    const { secret } = await box.run<{ secret: string }>('token.create', { name: 'with a model', days: 1 });
    const body = JSON.stringify({ model: 'auto', max_tokens: 4, messages: [{ role: 'user', content: 'hello' }] });
    const headers = { authorization: `Bearer ${secret}` };
    const answer = await new Stranger(box.address).http('POST', '/v1/chat/completions', headers, body);
    if (answer.status !== 200) throw new Error(answer.text);
    return (JSON.parse(answer.text) as { model: string }).model === `box/${id}`;
  });
  await checks.check('the status names the model now', async () => {
    return (await box.run<{ model: string }>('box.status')).model.startsWith('tiny');
  });
}
