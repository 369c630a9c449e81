import { type Locale, toHex } from '../common/index.ts';
import { type Bearer, PATHS } from '../protocol/index.ts';
import { CallError, localError } from './errors.ts';
import { sha256 } from './keys.ts';
import { askBox } from './rest.ts';
import type { Transport } from './transport.ts';

export interface UploadOptions {
  /** Told after every part: bytes of the file that the box has. */
  onProgress?: (sent: number) => void;
  /** Of the texts of errors; English if left out. */
  locale?: Locale;
  signal?: AbortSignal;
}

interface Way {
  origin: string;
  pin: string | undefined;
  transport: Transport;
  /** Bytes. What is longer is refused before it is read. */
  limit: number;
  bearer: () => Promise<Bearer>;
}

interface Call {
  method: 'GET' | 'PUT';
  name: string;
  bearer: string;
  file?: Blob;
  from?: number;
}

interface Received {
  received: number;
  complete: boolean;
}

/** A slow radio link sends it in seconds, so that progress is seen and little is lost when the link breaks. */
const PART_BYTES = 2_097_152;
const MB = 1_048_576;

/**
 * Sends a file in parts under its digest, from where an earlier try stopped. Its bytes are never text: digest and
 * sending are the browser's own work, off the thread that draws the page. Throws CLIENT_FILE_TOO_LARGE,
 * CLIENT_FILE_UNREADABLE, CLIENT_CONNECTION_LOST, CLIENT_OFFLINE, CLIENT_BOX_MISMATCH, what the box refuses it for, or the reason of an abort.
 */
export async function upload(file: Blob, way: Way, options: UploadOptions): Promise<string> {
  const { locale = 'en', onProgress } = options;
  if (file.size > way.limit) {
    const sizes = { size: Math.ceil((10 * file.size) / MB) / 10, limit: Math.floor((10 * way.limit) / MB) / 10 };
    throw localError('CLIENT_FILE_TOO_LARGE', sizes, locale);
  }
  const name = await digestOf(file, locale);
  let { bearer } = await way.bearer();
  const send = async (call: Pick<Call, 'method' | 'file' | 'from'>): Promise<Received> => {
    try {
      return await ask(way, options, { ...call, name, bearer });
    } catch (error) {
      // A slow link takes longer than a credential lasts, and so does a new socket in between.
      if (!(error instanceof CallError) || error.code !== 'SESSION_EXPIRED') throw error;
      ({ bearer } = await way.bearer());
      return await ask(way, options, { ...call, name, bearer });
    }
  };
  let state = await send({ method: 'GET' });
  while (!state.complete) {
    onProgress?.(state.received);
    const from = state.received;
    state = await send({ method: 'PUT', file, from });
    if (!state.complete && state.received <= from) {
      throw localError('CLIENT_ANSWER_INVALID', { reason: 'no progress' }, locale);
    }
  }
  onProgress?.(file.size);
  return name;
}

async function digestOf(file: Blob, locale: Locale): Promise<string> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    throw localError('CLIENT_FILE_UNREADABLE', { reason: reasonOf(error) }, locale, error);
  }
  return toHex(await sha256(bytes));
}

async function ask(
  { origin, pin, transport }: Way,
  { locale = 'en', signal }: UploadOptions,
  call: Call,
): Promise<Received> {
  const { method, name, bearer, file, from = 0 } = call;
  const headers: Record<string, string> = { authorization: `Bearer ${bearer}`, 'accept-language': locale };
  const body = file?.slice(from, from + PART_BYTES);
  if (body) headers['content-type'] = 'application/octet-stream';
  // An empty file has no first byte that a range could name.
  if (body && body.size > 0) headers['content-range'] = `bytes ${from}-${from + body.size - 1}/${file!.size}`;
  const rest = { ...(body ? { body } : {}), ...(pin ? { pin } : {}), ...(signal ? { signal } : {}) };
  const lost = (error: unknown) => localError('CLIENT_CONNECTION_LOST', { reason: reasonOf(error) }, locale, error);
  const url = `${origin}${PATHS.uploads}${name}`;
  return (await askBox(transport, url, { method, headers, ...rest }, lost)) as Received;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
