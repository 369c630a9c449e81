import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nearest } from '../common/index.ts';
import { localeOf, locateData } from '../config/locate.ts';
import type { InvokeResult } from '../protocol/invoke.ts';
import { BoxSocket } from './box-socket.ts';
import { CliError, cliFail, wireOf } from './cli-error.ts';
import { type Base, type Context, call, describe } from './context.ts';
import type { Contract } from './contract.ts';
import { EXIT, exitOf } from './exit-codes.ts';
import { camel, type Globals } from './globals.ts';
import { helpText, operationsOf } from './help.ts';
import type { Parsed } from './leaf.ts';
import { withLocalPaths } from './local-paths.ts';
import { showError } from './render/error.ts';
import { renderValue } from './render/value.ts';
import { Terminal } from './terminal.ts';
import { exitOfAnswer, exitOfTask } from './verdict.ts';

/** Short names where the habit is strong. */
const ALIASES: Record<string, string[]> = {
  status: ['box', 'status'],
  ps: ['task', 'list'],
  pull: ['model', 'pull'],
  run: ['task', 'submit'],
};

/** One command from its words to its exit code. Never throws. */
export async function run(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const locale = localeOf();
  const { words, json, data } = split(argv);
  const terminal = new Terminal({ json });
  try {
    const box = new BoxSocket(join(await locateData(data), 'jingu.sock'), locale);
    return await dispatch(words, { box, terminal, locale, signal });
  } catch (error) {
    if (signal.aborted) return EXIT.interrupted;
    const wire = wireOf(error, locale);
    showError(wire, terminal);
    return exitOf(wire);
  }
}

async function dispatch(words: readonly string[], base: Base): Promise<number> {
  const { terminal, box, locale, signal } = base;
  const [first = '--help', ...rest] = words;
  const [noun, ...tail] = [...(ALIASES[first] ?? [first]), ...rest] as [string, ...string[]];
  const verb = tail[0]?.startsWith('-') ? undefined : tail[0];

  if (noun === '--help' || noun === '-h' || noun === 'help') {
    terminal.show(await helpText(box, locale, signal, verb));
    return EXIT.done;
  }
  if (noun === '--version' || noun === '-V') return showVersion(terminal);
  if (noun.startsWith('-')) throw cliFail('USAGE', { reason: `unknown option ${noun}` }, locale);
  if (noun === 'doctor') return await doctor(base, tail);
  if (noun === 'events') return await followEvents(base, tail);
  if (noun === 'pair' && (verb === undefined || (verb === 'confirm' && tail.slice(1).every(isCommon)))) {
    return await pairing(base, verb, tail);
  }
  if (noun === 'audit' && verb === 'verify' && tail.slice(1).some((word) => !isCommon(word))) {
    return await verifyFile(base, tail.slice(1));
  }
  if (noun === 'doc' && (verb === 'show' || verb === 'export')) return await takeOut(base, verb, tail.slice(1));
  if (noun === 'doc' && verb === 'add' && !tail.some((word) => /^--(sha256|base64|input)\b/.test(word))) {
    return await takeIn(base, tail.slice(1));
  }
  if (noun === 'backup' && verb === 'restore') return await restoreBackup(base, tail.slice(1));
  if (verb === undefined) return await showNoun(base, noun);
  return await operation(base, noun, verb, tail.slice(1));
}

/** A leaf of the registry. */
async function operation(base: Base, noun: string, verb: string, argv: readonly string[]): Promise<number> {
  const contract = await contractOf(base, noun, verb);
  const parsed = await parse(base, contract, argv);
  if (parsed === undefined) return EXIT.done;
  const context: Context = { ...base, globals: parsed.globals };
  if (base.terminal.isHuman && contract.effect === 'read' && !parsed.globals.dryRun) {
    const { showView } = await import('./local/doc-views.ts');
    if (await showView(context, contract.id, parsed.input)) return EXIT.done;
  }
  const isTask = contract.id === 'task.submit' && parsed.globals.wait && !parsed.globals.dryRun;
  // Waiting for a task means watching it, not holding the call.
  const result = await call(
    isTask ? { ...context, globals: { ...parsed.globals, wait: false } } : context,
    contract.id,
    withLocalPaths(contract.id, parsed.input),
  );
  if (!isTask) {
    const shown = base.terminal.isHuman && result.plan === undefined ? await written(context, contract.id, result) : '';
    if (shown) base.terminal.show(shown);
    else finish(context, contract.id, result.plan ?? result.output);
    return exitOfAnswer(result.output);
  }
  const { followTask } = await import('./local/follow-task.ts');
  const task = await followTask(context, (result.output as { taskId: string }).taskId);
  if (base.terminal.isHuman) {
    const { taskEnd } = await import('./render/task.ts');
    base.terminal.show(taskEnd(task, base.terminal, base.locale));
  } else base.terminal.data(contract.id, task);
  return exitOfTask(task);
}

async function contractOf({ box, signal, locale }: Base, noun: string, verb: string): Promise<Contract> {
  try {
    return await describe(box, `${noun}.${camel(verb)}`, signal);
  } catch (error) {
    if (!(error instanceof CliError) || error.wire.code !== 'OPERATION_UNKNOWN') throw error;
    const verbs = (await operationsOf(box, signal, noun)).map(({ id }) => id.split('.')[1]!);
    const near = nearest(verb, verbs);
    const reason = verbs.length === 0 ? `there is no "${noun}"` : `there is no "${noun} ${verb}"`;
    throw cliFail(
      'USAGE',
      { reason: near ? `${reason}; did you mean "jingu ${noun} ${near}"?` : reason },
      locale,
      error,
    );
  }
}

/** Undefined when help was asked for and shown. */
async function parse(
  { terminal, locale }: Base,
  contract: Contract,
  argv: readonly string[],
): Promise<Parsed | undefined> {
  const { HelpAsked, parseLeaf } = await import('./leaf.ts');
  try {
    return parseLeaf(contract, argv, locale);
  } catch (error) {
    if (error instanceof HelpAsked) {
      terminal.show(error.message);
      return undefined;
    }
    if (error instanceof TypeError) throw cliFail('USAGE', { reason: error.message }, locale, error);
    throw error;
  }
}

async function written({ terminal, locale }: Context, id: string, result: InvokeResult): Promise<string | undefined> {
  if (!id.startsWith('doc.')) return undefined;
  const { renderWritten } = await import('./render/doc-written.ts');
  return renderWritten(result, terminal, locale);
}

function finish({ terminal }: Pick<Context, 'terminal'>, id: string, data: unknown): number {
  if (terminal.isHuman) terminal.show(renderValue(data, terminal));
  else terminal.data(id, data);
  return exitOfAnswer(data);
}

async function pairing(base: Base, verb: string | undefined, tail: readonly string[]): Promise<number> {
  const { confirmWaiting, pair } = await import('./local/pair.ts');
  if (verb === 'confirm') return finish(base, 'pair.confirm', await confirmWaiting({ ...base, globals: noGlobals() }));
  const parsed = await parse(base, await describe(base.box, 'pair.open', base.signal), tail);
  if (parsed === undefined) return EXIT.done;
  return finish(base, 'pair.open', await pair({ ...base, globals: parsed.globals }, parsed.input));
}

async function followEvents(base: Base, tail: readonly string[]): Promise<number> {
  const { EVENTS } = await import('./local/contracts.ts');
  const { events } = await import('./local/events.ts');
  const parsed = await parse(base, EVENTS, tail);
  if (parsed === undefined) return EXIT.done;
  const { topic = 'box', after, limit } = parsed.input as { topic?: string; after?: string; limit?: number };
  const options = { topic, ...(after === undefined ? {} : { after }), ...(limit === undefined ? {} : { limit }) };
  await events({ ...base, globals: parsed.globals }, options);
  return base.signal.aborted ? EXIT.interrupted : EXIT.done;
}

async function doctor(base: Base, tail: readonly string[]): Promise<number> {
  try {
    return await operation(base, 'box', 'doctor', tail);
  } catch (error) {
    if (!(error instanceof CliError) || error.wire.code !== 'BOX_UNREACHABLE') throw error;
    const { examineStopped } = await import('./local/doctor.ts');
    const { dirname } = await import('node:path');
    finish(base, 'box.doctor', { ok: false, findings: examineStopped(dirname(base.box.path), base.box.path) });
    return EXIT.unreachable;
  }
}

/** `doc show` and `doc export` end in a text or a file here, so they are conversations and no single call. */
async function takeOut(base: Base, verb: 'show' | 'export', argv: readonly string[]): Promise<number> {
  const { EXPORT, SHOW } = await import('./local/contracts.ts');
  const words = argv.map((word) => (word === '-o' ? '--output' : word));
  const parsed = await parse(base, verb === 'show' ? SHOW : EXPORT, words);
  if (parsed === undefined) return EXIT.done;
  const context: Context = { ...base, globals: parsed.globals };
  if (verb === 'show') {
    const { showDocument } = await import('./local/doc-show.ts');
    await showDocument(context, parsed.input);
    return EXIT.done;
  }
  const { exportDocument } = await import('./local/doc-export.ts');
  const { output, force, ...input } = parsed.input as { output?: string; force?: boolean };
  return finish(context, 'doc.export', await exportDocument(context, input, { file: output, force: force === true }));
}

/** `doc add` of a file here: an upload, then the call. With `--sha256` it is the call alone. */
async function takeIn(base: Base, argv: readonly string[]): Promise<number> {
  const { ADD } = await import('./local/contracts.ts');
  const parsed = await parse(base, ADD, argv);
  if (parsed === undefined) return EXIT.done;
  const context: Context = { ...base, globals: parsed.globals };
  const { addDocument } = await import('./local/doc-add.ts');
  const { path, file, note } = parsed.input as { path?: string; file?: string; note?: string };
  if (path === undefined || file === undefined) {
    throw cliFail('USAGE', { reason: 'give the path of the new document and the file here' }, base.locale);
  }
  const result = await addDocument(context, { path, file, ...(note === undefined ? {} : { note }) });
  const shown = base.terminal.isHuman && result.plan === undefined ? await written(context, 'doc.add', result) : '';
  if (shown) base.terminal.show(shown);
  else finish(context, 'doc.add', result.plan ?? result.output);
  return exitOfAnswer(result.output);
}

async function verifyFile(base: Base, args: readonly string[]): Promise<number> {
  const { verifyExport } = await import('./local/audit-verify.ts');
  const { code, report } = await verifyExport(
    base,
    args.filter((word) => !isCommon(word)),
  );
  finish(base, 'audit.verify', report);
  return code;
}

async function restoreBackup(base: Base, words: readonly string[]): Promise<number> {
  const { restore } = await import('./local/backup-restore.ts');
  const { dirname } = await import('node:path');
  return finish(base, 'backup.restore', await restore(base, words, dirname(base.box.path)));
}

async function showNoun({ box, terminal, locale, signal }: Base, noun: string): Promise<number> {
  const known = await operationsOf(box, signal);
  const nouns = [...new Set(known.map(({ id }) => id.split('.')[0]!))];
  if (!nouns.includes(noun)) {
    const near = nearest(noun, [...nouns, 'status', 'doctor', 'pair', 'events']);
    throw cliFail('USAGE', { reason: `there is no "${noun}"${near ? `; did you mean "${near}"?` : ''}` }, locale);
  }
  terminal.note((await helpText(box, locale, signal, noun)).trimEnd());
  return EXIT.usage;
}

function showVersion(terminal: Terminal): number {
  const file = join(import.meta.dirname, '..', '..', 'package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  terminal.show(version);
  return EXIT.done;
}

const isCommon = (word: string): boolean => word === '--json';
const noGlobals = (): Globals => ({ json: false, yes: false, dryRun: false, wait: false });

/** `--json` and `--data` are needed before the contract is known, and may stand before the noun. */
function split(argv: readonly string[]): { words: string[]; json: boolean; data: string | undefined } {
  const words: string[] = [];
  const early: string[] = [];
  let data: string | undefined;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    const inline = /^--data=(.*)$/s.exec(word)?.[1];
    if (inline !== undefined) data = inline;
    else if (word === '--data') data = argv[++i];
    else if (word === '--json' && words.length === 0) early.push(word);
    else words.push(word);
  }
  return { words: [...words, ...early], json: argv.includes('--json'), data };
}
