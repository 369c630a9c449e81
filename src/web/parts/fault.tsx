import { CallError } from '../../client/index.ts';
import { t } from '../i18n/index.ts';

/** An error as the box or this client put it, with what to do next. */
export function Fault({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const known = error instanceof CallError ? error : undefined;
  return (
    <div class="note bad tight" role="alert">
      <p>{known?.message ?? t('error.title')}</p>
      <p class="small">{known?.wire.hint ?? t('error.again')}</p>
      {onRetry ? (
        <p>
          <button type="button" class="button" onClick={onRetry}>
            {t('action.retry')}
          </button>
        </p>
      ) : null}
    </div>
  );
}
