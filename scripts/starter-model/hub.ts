import type { PartialFile } from './partial-file.ts';
import type { Source } from './source.ts';

/** A source that cannot be reached may cost this much and no more. */
export const REACH_MS = 5_000;
/** A line that gives nothing for so long is taken as broken, and resumed. */
const STALL_MS = 30_000;

/** A model hub: one file by HTTPS, resumed by `Range`. `url` is pinned to a revision where the hub can. */
export function hub(name: string, url: string, { reachMs = REACH_MS, stallMs = STALL_MS } = {}): Source {
  return {
    name,
    async fetch(file, signal, progress) {
      // A cut line is picked up where it broke, as long as each try brought something.
      for (;;) {
        const before = file.size;
        try {
          await readOnce(url, file, { signal, reachMs, stallMs, progress });
          if (file.complete) return;
          throw new Error('the line was closed early');
        } catch (error) {
          signal.throwIfAborted();
          if (file.size === before || !isLineFault(error)) throw error;
        }
      }
    },
  };
}

async function readOnce(
  url: string,
  file: PartialFile,
  options: { signal: AbortSignal; reachMs: number; stallMs: number; progress: () => void },
): Promise<void> {
  const line = new AbortController();
  const giveUp = (ms: number, why: string) => setTimeout(() => line.abort(new Error(why)), ms);
  const signal = AbortSignal.any([options.signal, line.signal]);
  let timer = giveUp(options.reachMs, `not reachable within ${options.reachMs / 1000} s`);
  try {
    const headers = file.size > 0 ? { range: `bytes=${file.size}-` } : {};
    const answer = await fetch(url, { headers, signal, redirect: 'follow' });
    if (!answer.ok || !answer.body) {
      await answer.body?.cancel();
      throw new Error(`answered ${answer.status}`);
    }
    // A server that ignores Range sends everything again: what is already there is passed over.
    let skip = file.size;
    if (answer.status === 206) {
      skip -= Number(/^bytes (\d+)-/.exec(answer.headers.get('content-range') ?? '')?.[1] ?? Number.NaN);
      if (!(skip >= 0)) throw new Error('answered with another range than asked');
    }
    const waitForMore = () => {
      clearTimeout(timer);
      timer = giveUp(options.stallMs, `nothing came for ${options.stallMs / 1000} s`);
    };
    waitForMore();
    for await (const chunk of answer.body) {
      waitForMore();
      const dropped = Math.min(skip, chunk.length);
      skip -= dropped;
      if (dropped < chunk.length) await file.append(chunk.subarray(dropped));
      options.progress();
    }
  } catch (error) {
    throw line.signal.aborted ? line.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}

/** Worth resuming: not the wrong bytes, not an answer that says no. */
function isLineFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.constructor === TypeError || /closed early|nothing came/.test(error.message);
}
