import { useState } from 'preact/hooks';
import { newId } from '../../common/index.ts';
import { locale, number, t } from '../i18n/index.ts';
import { visible } from '../parts/visible.ts';
import { acceptRecord, connects, forget, hello, invoke, pairedBox, witnessState } from '../state/session.ts';
import { chooseLocale, type Theme, theme } from '../state/settings.ts';

const THEMES: readonly Theme[] = ['system', 'light', 'dark'];
const LANGUAGES = [
  ['zh', '中文'],
  ['en', 'English'],
] as const;

export function MoreScreen() {
  const box = pairedBox.value;
  return (
    <div class="stack">
      <div class="head">
        <h1>{t('more.title')}</h1>
      </div>
      <section class="tight">
        <h2>{t('more.record')}</h2>
        <RecordCard />
      </section>
      <section class="tight">
        <h2>{t('more.language')}</h2>
        <div class="choices" role="radiogroup" aria-label={t('more.language')}>
          {LANGUAGES.map(([id, name]) => (
            <label key={id}>
              <input type="radio" name="language" checked={locale.value === id} onChange={() => chooseLocale(id)} />
              <span lang={id === 'zh' ? 'zh-CN' : 'en'}>{name}</span>
            </label>
          ))}
        </div>
      </section>
      <section class="tight">
        <h2>{t('more.theme')}</h2>
        <div class="choices" role="radiogroup" aria-label={t('more.theme')}>
          {THEMES.map((one) => (
            <label key={one}>
              <input
                type="radio"
                name="theme"
                checked={theme.value === one}
                onChange={() => {
                  theme.value = one;
                }}
              />
              <span>{t(`more.theme.${one}`)}</span>
            </label>
          ))}
        </div>
      </section>
      {box ? (
        <section class="tight">
          <h2>{t('more.device')}</h2>
          <dl class="facts card">
            <dt>{t('more.person')}</dt>
            <dd>{visible(box.personName)}</dd>
            <dt>{t('more.box')}</dt>
            <dd class="code">{visible(box.boxId)}</dd>
            <dt>{t('pair.address')}</dt>
            <dd class="code">{location.host}</dd>
            <dt>{t('more.version')}</dt>
            <dd>{hello.value?.server.version ?? '—'}</dd>
          </dl>
          <p class="small quiet">{t('more.connects', { count: connects.value })}</p>
          <p class="note">
            <strong>{t('more.safety')}</strong> · {t('more.safety-help')}
          </p>
          <Leave />
        </section>
      ) : null}
    </div>
  );
}

function RecordCard() {
  const state = witnessState.value;
  if (state.kind === 'verified') return <p class="card">✓ {t('more.verified', { to: number(state.to) })}</p>;
  if (state.kind === 'unchecked') return <p class="card">{t('more.unchecked', { to: number(state.to) })}</p>;
  if (state.kind === 'nothing-yet') return <p class="card quiet">{t('more.nothing-yet')}</p>;
  return (
    <div class="note bad tight">
      <p>{state.error.message}</p>
      <p>{t('more.alarm-help')}</p>
      <h2>{t('more.kept')}</h2>
      <p class="code">{visible(state.kept)}</p>
      <h2>{t('more.shown')}</h2>
      <p class="code">{visible(state.shown)}</p>
      <button type="button" class="button" onClick={() => void acceptRecord()}>
        {t('more.alarm-accept')}
      </button>
    </div>
  );
}

function Leave() {
  const [isSure, setSure] = useState(false);
  const leave = async () => {
    if (!isSure) {
      setSure(true);
      return;
    }
    // Told to the box where it can be reached; erased here in any case.
    await invoke('device.leave', {}, { idempotencyKey: newId('key'), timeoutMs: 3_000, confirm: true }).catch(() => {});
    await forget();
  };
  return (
    <div class="tight">
      {isSure ? <p class="small">{t('more.leave-help')}</p> : null}
      <button type="button" class="button danger" onClick={() => void leave()}>
        {isSure ? t('more.leave-confirm') : t('more.leave')}
      </button>
    </div>
  );
}
