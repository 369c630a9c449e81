import { isJinguError, type Logger, randomToken, systemClock } from '../common/index.ts';
import { type Config, configHelp, describeProblems, loadConfig, serviceFacts } from '../config/index.ts';
import { createLogger, MetricRegistry } from '../telemetry/index.ts';
import { banner } from './banner.ts';
import { Box, type BoxOptions } from './box.ts';
import { collectGarbage } from './collect.ts';
import { SystemdNotify } from './sd-notify.ts';

export interface RunOptions {
  argv: readonly string[];
  version: string;
  webRoot: string | undefined;
  extend?: BoxOptions['extend'];
}

const PAIR_SECONDS = 120;

/** The daemon's life: settings, start, banner, signals, orderly stop. Sets the exit code; 0 after a clean stop. */
export async function run(options: RunOptions): Promise<void> {
  const { argv, engineProgram } = takeHidden(options.argv);
  const loaded = loadConfig({ argv });
  if (loaded.help) {
    process.stdout.write(`Usage: npm start -- [options]\n\n${configHelp()}\n`);
    return;
  }
  const service = serviceFacts();
  const config = loaded.ok ? loaded.config : loaded.safeConfig;
  const format = service.journal ? 'journal' : process.stderr.isTTY ? 'line' : 'json';
  const log = createLogger({ level: config.logLevel, format, write: (line) => process.stderr.write(line) });
  const notifier = new SystemdNotify(service);
  const recovery = loaded.ok ? undefined : describeProblems(loaded.problems);
  for (const problem of recovery ?? []) log.error({ problem }, 'setting-refused');

  const box = new Box({
    config,
    version: options.version,
    clock: systemClock,
    log,
    metrics: new MetricRegistry(),
    webRoot: options.webRoot,
    ...(options.extend ? { extend: options.extend } : {}),
    ...(engineProgram === undefined ? {} : { engineProgram }),
    ...(recovery === undefined ? {} : { recovery: recovery.join(' ') }),
  });
  const stopped = whenAskedToStop();
  watchFaults(log);
  try {
    await box.start();
  } catch (error) {
    explain(error);
    process.exitCode = 1;
    return;
  }
  collectGarbage();
  notifier.ready(recovery ? 'recovery mode' : 'serving');
  const beat =
    notifier.watchdogMs === undefined
      ? undefined
      : setInterval(() => box.isLive() && notifier.alive(), notifier.watchdogMs / 3);
  process.stdout.write(
    banner(await facts(box, config, options.version, recovery, service.journal), process.stdout.isTTY === true),
  );

  await stopped;
  clearInterval(beat);
  notifier.stopping();
  await box.stop();
}

async function facts(box: Box, config: Config, version: string, recovery: string[] | undefined, isJournal: boolean) {
  const { identity, core } = box.parts;
  const status = await box.status();
  // A one-time secret is for the person at the terminal; a service's output is kept by the journal.
  const link = recovery || isJournal ? undefined : await openWindow(core.door, identity.consoleCaller());
  return {
    name: config.name,
    version,
    boxId: identity.boxId,
    addresses: box.addresses(),
    data: config.data,
    model: status.model,
    link,
    seconds: PAIR_SECONDS,
    command: 'bin/jingu',
    problems: recovery ?? [],
  };
}

async function openWindow(
  door: Box['parts']['core']['door'],
  caller: Parameters<Box['parts']['core']['door']['invoke']>[0],
): Promise<string> {
  const request = {
    operation: 'pair.open',
    input: { seconds: PAIR_SECONDS },
    idempotencyKey: `start-${randomToken(16)}`,
  };
  const { output } = await door.invoke(caller, request);
  return (output as { page: string }).page;
}

/** `--engine-program FILE` replaces the engine guest: the frames it speaks are the port that tests drive. Not a setting. */
function takeHidden(argv: readonly string[]): { argv: string[]; engineProgram: string | undefined } {
  const rest = [...argv];
  const at = rest.indexOf('--engine-program');
  if (at < 0) return { argv: rest, engineProgram: undefined };
  const [, engineProgram] = rest.splice(at, 2);
  return { argv: rest, engineProgram };
}

function whenAskedToStop(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (signal: string) => {
      // A second Ctrl-C means now: everything acknowledged is durable anyway.
      if (asked) process.exit(130);
      asked = true;
      if (process.stderr.isTTY) process.stderr.write(`\n${signal}: stopping. Again to leave at once.\n`);
      resolve();
    };
    process.on('SIGINT', () => stop('Ctrl-C'));
    process.on('SIGTERM', () => stop('SIGTERM'));
  });
}

/** A fault nobody handled leaves the process in doubt: log it and end; what was answered is durable, a restart is clean. */
function watchFaults(log: Logger): void {
  const die = (error: unknown) => {
    log.error({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'fault');
    process.exit(70);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
}

function explain(error: unknown): void {
  if (!isJinguError(error)) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return;
  }
  const { message, hint, code } = error.toWire();
  process.stderr.write(`jingu: ${message} ${hint ?? ''} (${code})\n`);
}
