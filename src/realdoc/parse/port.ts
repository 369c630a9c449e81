import type { MethodName } from './methods.ts';

/** What a method of the parse guest gave back. */
export interface ParseAnswer {
  /** JSON, as the guest says it: it may be anything, since the guest read a file that may be hostile. */
  value: unknown;
  /** Bytes beside it. */
  blobs: Buffer[];
}

/**
 * The room's way to everything that reads foreign formats. The guest gets bytes and answers; it reaches no file, no
 * network and nothing of the box.
 */
export interface ParsePort {
  /**
   * Throws what the method throws, DOC_PARSE_REFUSED when the guest died of this input or took too long, and
   * GUEST_UNAVAILABLE when there is no guest at present, which says nothing about the input. `bodies` are not copied.
   */
  call(
    method: MethodName,
    params: unknown,
    bodies?: readonly Uint8Array[],
    options?: { signal?: AbortSignal },
  ): Promise<ParseAnswer>;
}
