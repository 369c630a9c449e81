import { useEffect, useRef, useState } from 'preact/hooks';
import { localError, readPairingLink } from '../../client/index.ts';
import type { PairingLink } from '../../protocol/index.ts';
import { navigate } from '../app/router.ts';
import { t } from '../i18n/index.ts';
import { Fault } from '../parts/fault.tsx';
import { visible } from '../parts/visible.ts';
import { isSecure, pair, pairedBox, suggestedName } from '../state/session.ts';
import { store } from '../state/store.ts';

/** The link this page was opened with, if any. It was wiped from the address and the history before anything else ran. */
export function PairScreen({ fragment }: { fragment: string | undefined }) {
  const [link, setLink] = useState<PairingLink | undefined>(() => tryRead(fragment));
  const [error, setError] = useState<unknown>(
    fragment && !tryRead(fragment) ? localError('CLIENT_LINK_INVALID', { reason: t('pair.again') }) : undefined,
  );
  if (!isSecure()) return <p class="note bad">{t('pair.insecure')}</p>;
  if (link) return <PairWith link={link} />;
  return (
    <div class="stack">
      <h1>{t('pair.need-link')}</h1>
      <p>{t('pair.need-link-help')}</p>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          const text = String(new FormData(event.currentTarget).get('link') ?? '');
          try {
            setLink(readPairingLink(text));
          } catch (reason) {
            setError(reason);
          }
        }}
      >
        <label class="field">
          <span>{t('pair.paste')}</span>
          <input name="link" autocomplete="off" autocapitalize="off" spellcheck={false} required />
        </label>
        {error ? <Fault error={error} /> : null}
        <button type="submit" class="button main">
          {t('pair.start')}
        </button>
      </form>
    </div>
  );
}

function tryRead(fragment: string | undefined): PairingLink | undefined {
  try {
    return fragment === undefined ? undefined : readPairingLink(fragment);
  } catch {
    return undefined;
  }
}

function PairWith({ link }: { link: PairingLink }) {
  const [name, setName] = useState(suggestedName);
  const [digits, setDigits] = useState<string>();
  const [isWorking, setWorking] = useState(false);
  const [error, setError] = useState<unknown>();
  const abort = useRef(new AbortController());
  useEffect(() => () => abort.current.abort(), []);

  const begin = async () => {
    setWorking(true);
    setError(undefined);
    try {
      await pair(link, name.trim() || suggestedName(), setDigits, abort.current.signal);
      navigate('/', { replace: true });
    } catch (reason) {
      setError(reason);
      setDigits(undefined);
      setWorking(false);
    }
  };

  if (digits) {
    return (
      <div class="stack">
        <h1>{t('pair.check')}</h1>
        <p class="digits card" data-testid="check-number">
          {digits.slice(0, 3)} {digits.slice(3)}
        </p>
        <p>{t('pair.check-help')}</p>
        <p class="quiet" role="status">
          {t('pair.waiting')}
        </p>
      </div>
    );
  }
  return (
    <div class="stack">
      <h1>{t('pair.title')}</h1>
      <p>{t('pair.intro')}</p>
      <dl class="facts card">
        <dt>{t('pair.box')}</dt>
        <dd class="code">{visible(link.boxId)}</dd>
        <dt>{t('pair.address')}</dt>
        <dd class="code">{location.host}</dd>
      </dl>
      {pairedBox.value ? <p class="note">{t('pair.already')}</p> : null}
      {store.isDurable ? null : <p class="note">{t('pair.private')}</p>}
      <label class="field">
        <span>{t('pair.device-name')}</span>
        <input
          value={name}
          maxLength={100}
          autocomplete="off"
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      {error ? <Fault error={error} /> : null}
      {error ? <p class="small quiet">{t('pair.again')}</p> : null}
      <button type="button" class="button main" disabled={isWorking} onClick={() => void begin()}>
        {isWorking ? t('pair.working') : t('pair.start')}
      </button>
    </div>
  );
}
