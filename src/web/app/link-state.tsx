import { useEffect } from 'preact/hooks';
import { clockTime, t } from '../i18n/index.ts';
import { announce } from '../parts/announcer.tsx';
import { connection, hasConnected, offlineSince } from '../state/session.ts';

/** Three words: connected, catching up, offline since. */
export function LinkState() {
  const state = connection.value;
  useEffect(() => {
    if (state === 'offline' && hasConnected.value) announce(t('announce.offline'));
  }, [state]);
  const word =
    state !== 'offline'
      ? t(`state.${state}`)
      : hasConnected.value
        ? t('state.offline', { time: clockTime(offlineSince.value) })
        : t('state.connecting');
  return (
    <span class="link-state" data-state={state} data-testid="link-state">
      <span class="dot" aria-hidden="true" />
      {word}
    </span>
  );
}
