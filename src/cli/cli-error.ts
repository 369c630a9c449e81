import { type Details, type ErrorCode, fail, isJinguError, type Locale, type WireError } from '../common/index.ts';

/** A failure on its way to the terminal: what the box answered, or what the command found by itself. */
export class CliError extends Error {
  readonly wire: WireError;

  constructor(wire: WireError, options?: { cause?: unknown }) {
    super(wire.message, options);
    this.name = 'CliError';
    this.wire = wire;
  }
}

export function cliFail(code: ErrorCode, details: Details, locale: Locale, cause?: unknown): CliError {
  return new CliError(fail(code, details).toWire(locale), { cause });
}

/** Anything thrown, in the one form that errors have. */
export function wireOf(error: unknown, locale: Locale): WireError {
  if (error instanceof CliError) return error.wire;
  if (isJinguError(error)) return error.toWire(locale);
  const reason = error instanceof Error ? error.message : String(error);
  return { ...fail('INTERNAL').toWire(locale), message: reason };
}
