import { randomUUID } from 'node:crypto';
import type { Locale } from '../common/index.ts';
import type { InvokeRequest, InvokeResult } from '../protocol/invoke.ts';
import type { BoxSocket } from './box-socket.ts';
import { CliError } from './cli-error.ts';
import type { Contract } from './contract.ts';
import type { Globals } from './globals.ts';
import type { Terminal } from './terminal.ts';

/** What there is before the words of a command are understood. */
export interface Base {
  box: BoxSocket;
  terminal: Terminal;
  locale: Locale;
  signal: AbortSignal;
}

/** What every command works with. */
export interface Context extends Base {
  globals: Globals;
}

export async function describe(box: BoxSocket, id: string, signal: AbortSignal): Promise<Contract> {
  const { output } = await box.invoke({ operation: 'operation.describe', input: { id } }, signal);
  return (output as { contract: unknown }).contract as Contract;
}

/** A read. Like any other call it may have to wait for a person. */
export async function ask<T>(context: Context, operation: string, input: object = {}): Promise<T> {
  const { box, globals, signal } = context;
  const { output } = await box.invoke({ operation, input, ...waiting(globals) }, signal);
  return output as T;
}

/** The box holds no call for longer; those that follow something for longer look at the clock themselves. */
const MOST_MS = 600_000;

function waiting({ wait, timeoutMs }: Globals): Partial<InvokeRequest> {
  if (!wait) return {};
  return { wait: true, ...(timeoutMs === undefined ? {} : { timeoutMs: Math.min(timeoutMs, MOST_MS) }) };
}

/** A call with an effect: its own key, and the yes of the person where the operation wants one and one can be asked. */
export async function call(context: Context, operation: string, input: object): Promise<InvokeResult> {
  const { box, globals, signal, terminal } = context;
  const request = {
    operation,
    input,
    idempotencyKey: globals.idempotencyKey ?? randomUUID(),
    ...(globals.yes ? { confirm: true } : {}),
    ...(globals.wait ? { wait: true } : {}),
    ...(globals.timeoutMs === undefined ? {} : { timeoutMs: globals.timeoutMs }),
    ...(globals.dryRun ? { dryRun: true } : {}),
  };
  try {
    return await box.invoke(request, signal);
  } catch (error) {
    if (!(error instanceof CliError) || error.wire.code !== 'CONFIRMATION_REQUIRED' || !terminal.mayAsk) throw error;
    if (!(await terminal.askYes(error.message, signal))) throw error;
    return await box.invoke({ ...request, confirm: true }, signal);
  }
}
