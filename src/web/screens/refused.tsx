import { t } from '../i18n/index.ts';
import { Fault } from '../parts/fault.tsx';
import { forget, refusal } from '../state/session.ts';

/** The box, or this device, said no for good: revoked, another key, no common version. */
export function RefusedScreen() {
  return (
    <div class="stack">
      <h1>{t('refused.title')}</h1>
      <Fault error={refusal.value} />
      <p>{t('refused.forget-help')}</p>
      <button type="button" class="button" onClick={() => void forget()}>
        {t('refused.forget')}
      </button>
    </div>
  );
}
