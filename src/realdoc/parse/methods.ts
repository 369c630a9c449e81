import { packageMethods } from './package-methods.ts';
import { textMethods } from './text-methods.ts';

/** What a method gets: its parameters as the core sent them, and the bytes that came with them, one buffer each. */
export type ParseMethod = {
  call(params: unknown, bodies: readonly Buffer[]): MethodAnswer | Promise<MethodAnswer>;
}['call'];

export interface MethodAnswer {
  value: unknown;
  blobs?: readonly Uint8Array[];
}

/**
 * Everything the parse guest can be asked. A method is a pure function; it throws typed errors (DOC_*), and whatever
 * else it throws becomes DOC_PARSE_REFUSED. Parameters come from the core and can be trusted; bodies cannot.
 */
export const METHODS = {
  ...packageMethods,
  ...textMethods,
} satisfies Record<string, ParseMethod>;

export type MethodName = keyof typeof METHODS;
