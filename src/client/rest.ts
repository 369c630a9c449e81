import type { WireError } from '../common/index.ts';
import { CallError, localError } from './errors.ts';
import type { HttpAnswer, HttpRequest, Transport } from './transport.ts';

/**
 * One REST call. Throws what the box or the transport refused it for, the reason of an abort, and `lost` where no answer
 * came.
 */
export async function askBox(
  transport: Transport,
  url: string,
  request: HttpRequest,
  lost: (error: unknown) => CallError,
): Promise<unknown> {
  let answer: HttpAnswer;
  try {
    answer = await transport.request(url, request);
  } catch (error) {
    if (error instanceof CallError) throw error;
    request.signal?.throwIfAborted();
    throw lost(error);
  }
  return readAnswer(answer);
}

/** The body of a REST answer, or the error it carries. */
export function readAnswer(answer: HttpAnswer): unknown {
  let value: unknown;
  try {
    value = JSON.parse(answer.body);
  } catch {
    throw localError('CLIENT_ANSWER_INVALID', { reason: `HTTP ${answer.status} without JSON` });
  }
  const { error } = (value ?? {}) as { error?: WireError };
  if (typeof error?.code === 'string') throw new CallError(error);
  if (answer.status >= 200 && answer.status < 300) return value;
  throw localError('CLIENT_ANSWER_INVALID', { reason: `HTTP ${answer.status}` });
}
