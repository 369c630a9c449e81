import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fail, isJinguError, type Logger } from '../../common/index.ts';
import { DEFAULT_BACKOFF, type GuestHandle, type Supervisor } from '../../guest/index.ts';
import type { MethodName } from './methods.ts';
import type { ParseAnswer, ParsePort } from './port.ts';
import { cutBytes, type ParseCall, type ParseResult } from './wire.ts';

export interface ParserOptions {
  supervisor: Supervisor;
  log: Logger;
  /** A socket of the unit, where a service manager starts the guest. */
  socket?: string;
  /** For tests. */
  limits?: Partial<ParserLimits>;
  program?: URL;
}

interface ParserLimits {
  /** Wall clock of one call, from its turn. */
  callMs: number;
  /** Memory the kernel cannot take back. */
  memoryMb: number;
  /** V8's heap; less than `memoryMb`, so that most giants end as an error of the guest and not as its death. */
  heapMb: number;
  /** Of one answer: the guest cannot fill the core. */
  answerBytes: number;
}

const LIMITS: ParserLimits = { callMs: 60_000, memoryMb: 2048, heapMb: 1024, answerBytes: 768 * 1024 * 1024 };
/** After its deadline a guest that does not let go is killed. */
const CANCEL_MS = 250;

/**
 * The core's side of the parse guest. One call at a time, so that a death is the fault of the input that was being
 * read, and no document suffers from its neighbour; the guest stays warm and is started again by the next call.
 */
export class Parser implements ParsePort {
  readonly #o: ParserOptions;
  readonly #limits: ParserLimits;
  #guest: GuestHandle | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ParserOptions) {
    this.#o = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  /** Takes the guest in; it is started by the first call. */
  start(): void {
    const { supervisor, socket, program } = this.#o;
    const { memoryMb, heapMb, callMs } = this.#limits;
    this.#guest ??= supervisor.start({
      name: 'parse',
      program: program ?? new URL('./guest-main.ts', import.meta.url),
      restart: 'on-demand',
      nodeOptions: [`--max-old-space-size=${heapMb}`, ...permissions()],
      jail: { read: program ? [...PROGRAM, fileURLToPath(new URL('.', program))] : PROGRAM },
      oomScoreAdjust: 800,
      // A call may be one long computation: its deadline watches over it, pings would only count its time twice.
      limits: { memoryMb, readyMs: 15_000, requestMs: callMs, cancelMs: CANCEL_MS, pingMs: 0, maxRequests: 8 },
      // Dying of a file says nothing about the next one.
      backoff: { ...DEFAULT_BACKOFF, stableMs: 1 },
      errors: [
        'DOC_ADDRESS_UNKNOWN',
        'DOC_ALIAS',
        'DOC_AMBIGUOUS',
        'DOC_GUARD_FAILED',
        'DOC_LINE_UNKNOWN',
        'DOC_NO_CHANGE',
        'DOC_PARSE_REFUSED',
        'DOC_SYNTAX',
        'DOC_TEXT_NOT_FOUND',
        'DOC_UNSAFE_SPAN',
        'DOC_VERB_INVALID',
      ],
      ...(socket === undefined ? {} : { socket }),
    });
  }

  async stop(): Promise<void> {
    const guest = this.#guest;
    this.#guest = undefined;
    await guest?.stop();
  }

  call(
    method: MethodName,
    params: unknown,
    bodies: readonly Uint8Array[] = [],
    options: { signal?: AbortSignal } = {},
  ): Promise<ParseAnswer> {
    const turn = this.#turn.then(() => this.#attempt(method, params, bodies, options));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #attempt(
    method: MethodName,
    params: unknown,
    bodies: readonly Uint8Array[],
    options: { signal?: AbortSignal },
  ): Promise<ParseAnswer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(method, params, bodies, options);
      } catch (error) {
        if (!isJinguError(error)) throw error;
        const { cause, reason } = error.details as { cause?: string; reason?: string };
        const isGone = error.code === 'GUEST_GONE' && cause !== 'stopped';
        // It may have been killed from outside, or for what the call before left behind: only the second death counts.
        if (isGone && attempt === 1) continue;
        if (isGone || error.code === 'GUEST_TIMEOUT' || error.code === 'GUEST_FAILED') {
          this.#o.log.warn({ method, code: error.code, cause, reason }, 'parse-refused');
          throw fail('DOC_PARSE_REFUSED', this.#blame(error.code, cause), error);
        }
        throw error;
      }
    }
  }

  #blame(code: string, cause: string | undefined): Record<string, unknown> {
    if (code === 'GUEST_TIMEOUT') return { reason: 'reading it takes too long', limit: this.#limits.callMs };
    if (cause === 'memory') return { reason: 'reading it takes too much memory', limit: this.#limits.memoryMb };
    return { reason: code === 'GUEST_GONE' ? 'reading it ended the reader' : 'it could not be read' };
  }

  async #once(
    method: MethodName,
    params: unknown,
    bodies: readonly Uint8Array[],
    options: { signal?: AbortSignal },
  ): Promise<ParseAnswer> {
    const guest = this.#guest;
    if (!guest) throw fail('UNAVAILABLE', { reason: 'no files are taken apart now' });
    const pieces: Uint8Array[] = [];
    let size = 0;
    const result = (await guest.request(method, this.#callOf(params, bodies), {
      ...options,
      body: bodies,
      onPart: (part) => {
        if (!(part instanceof Uint8Array)) return;
        size += part.length;
        if (size > this.#limits.answerBytes) {
          throw fail('DOC_PARSE_REFUSED', { reason: 'too large when taken apart', limit: this.#limits.answerBytes });
        }
        pieces.push(part);
      },
    })) as ParseResult;
    return answerOf(result, pieces, size);
  }

  #callOf(params: unknown, bodies: readonly Uint8Array[]): ParseCall {
    return { params, bodies: bodies.map((body) => body.length) };
  }
}

/** The lengths are the guest's word, so they are checked against what really came. */
function answerOf(result: ParseResult, pieces: Uint8Array[], size: number): ParseAnswer {
  const lengths = [result?.json, ...(Array.isArray(result?.blobs) ? result.blobs : [])];
  const isSane = lengths.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!isSane || lengths.reduce((a, b) => a + b, 0) !== size) {
    throw fail('GUEST_FAILED', { guest: 'parse', reason: 'an answer without sense' });
  }
  const all = Buffer.concat(pieces, size);
  const [json, ...blobs] = cutBytes(all, lengths);
  try {
    return { value: JSON.parse(json!.toString('utf8')), blobs };
  } catch (error) {
    throw fail('GUEST_FAILED', { guest: 'parse', reason: 'an answer that is no JSON' }, error);
  }
}

/** The source, its libraries, and what says that they are modules. */
const PROGRAM = ['../../', '../../../node_modules/', '../../../package.json'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** Node's own permission model as a tripwire: no child processes, workers or addons, no files but the program. */
function permissions(): string[] {
  const folders = PROGRAM.slice(0, 2);
  const real = folders.map((folder) => `${realpathSync(folder)}/`);
  return ['--permission', ...new Set([...folders, ...real].map((folder) => `--allow-fs-read=${folder}`))];
}
