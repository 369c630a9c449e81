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

/** A read. It may have to wait for a person as well. */
export async function ask<T>(context: Context, operation: string, input: object = {}): Promise<T> {
  const { box, globals, signal } = context;
  const { output } = await box.invoke({ operation, input, ...said(globals) }, signal);
  return output as T;
}

function said({ yes, wait, timeoutMs }: Globals): Partial<InvokeRequest> {
  return {
    ...(yes ? { confirm: true } : {}),
    ...(wait ? { wait: true } : {}),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

/** A call with an effect: its own key, and the yes of the person where the operation wants one and one can be asked. */
export async function call(context: Context, operation: string, input: object): Promise<InvokeResult> {
  const { box, globals, signal, terminal } = context;
  const request = {
    operation,
    input,
    idempotencyKey: globals.idempotencyKey ?? randomUUID(),
    ...said(globals),
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
