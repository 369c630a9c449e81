import { duration, t } from '../i18n/index.ts';
import type { Approval } from '../state/approvals.ts';
import { visible } from './visible.ts';

/** Facts from the box: object, effect, risk, destination, expiry, the rule that asks. */
export function ApprovalFacts({ approval }: { approval: Approval }) {
  const { card, operation, expiresInMs } = approval;
  const targets = card.targets ?? [];
  const { destination, risk } = card;
  return (
    <dl class="facts">
      {operation === null ? null : (
        <>
          <dt>{t('approval.effect')}</dt>
          <dd>
            <code>{operation}</code>
          </dd>
        </>
      )}
      {targets.length > 0 ? (
        <>
          <dt>{t('approval.objects')}</dt>
          <dd>
            {targets.map((one) => (
              <div key={`${one.kind} ${one.id}`}>
                {visible(one.name ?? one.id)}
                {one.version === undefined ? '' : ` · ${t('doc.version', { version: one.version })}`}
              </div>
            ))}
          </dd>
        </>
      ) : null}
      {destination ? (
        <>
          <dt>{t('approval.destination')}</dt>
          <dd>
            {visible(destination.host)}:{destination.port} · {visible(destination.purpose)}
          </dd>
        </>
      ) : null}
      {risk ? (
        <>
          <dt>{t('approval.risk')}</dt>
          <dd>
            <span class={`chip ${risk === 'high' ? 'bad' : risk === 'medium' ? 'attention' : ''}`}>
              {t(`approval.risk.${risk}`)}
            </span>
          </dd>
        </>
      ) : null}
      {card.ruleIds?.length ? (
        <>
          <dt>{t('approval.rules')}</dt>
          <dd class="small">{card.ruleIds.map(visible).join(', ')}</dd>
        </>
      ) : null}
      {approval.state === 'pending' ? (
        <>
          <dt aria-hidden="true" />
          <dd class="small quiet">{t('approval.expires', { time: duration(expiresInMs) })}</dd>
        </>
      ) : null}
    </dl>
  );
}
