import { clientErrors } from '../common/errors/client.ts';
import type { ErrorKind } from '../common/errors/kinds.ts';
import type { Details, Locale, WireError } from '../common/index.ts';

export type ClientErrorCode = keyof typeof clientErrors;

/**
 * Every failure of a call: what the box answered, or what this client found. Branch on `code`; `message` and `hint`
 * are for people, in the caller's language. It does not use the catalogue, whose texts the box sends along.
 */
export class CallError extends Error {
  readonly wire: WireError;

  constructor(wire: WireError, options?: { cause?: unknown }) {
    super(wire.message, options);
    this.name = 'CallError';
    this.wire = wire;
  }

  get code(): string {
    return this.wire.code;
  }

  get details(): Details {
    return this.wire.details ?? {};
  }
}

/** Builds (does not throw) an error found on this side. */
export function localError(
  code: ClientErrorCode,
  details: Details = {},
  locale: Locale = 'en',
  cause?: unknown,
): CallError {
  const kind: ErrorKind = clientErrors[code];
  const fill = (text: string) => text.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? '?'));
  return new CallError(
    {
      code,
      category: kind.category,
      message: fill(kind[locale]),
      retryable: kind.retryable ?? false,
      hint: fill(kind.hint[locale]),
      ...(Object.keys(details).length > 0 ? { details } : {}),
    },
    cause === undefined ? undefined : { cause },
  );
}
