import { useEffect, useState } from 'preact/hooks';
import { connection } from '../state/session.ts';

export interface Asked<T> {
  value: T | undefined;
  error: unknown;
  again: () => void;
}

/** Asks once the box is reached, and again when `deps` change or after a reconnect. The last answer stays meanwhile. */
export function useAsked<T>(ask: () => Promise<T>, deps: readonly unknown[]): Asked<T> {
  const [value, setValue] = useState<T>();
  const [error, setError] = useState<unknown>();
  const [round, setRound] = useState(0);
  const isLinked = connection.value !== 'offline';
  useEffect(() => {
    if (!isLinked) return;
    let isCurrent = true;
    ask().then(
      (answer) => {
        if (!isCurrent) return;
        setValue(() => answer);
        setError(undefined);
      },
      (reason: unknown) => {
        if (isCurrent) setError(reason);
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [...deps, isLinked, round]);
  return { value, error, again: () => setRound((n) => n + 1) };
}
