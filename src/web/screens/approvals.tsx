import { t } from '../i18n/index.ts';
import { ApprovalRow } from '../parts/approval-row.tsx';
import { approvals } from '../state/approvals.ts';

/** All that waits, counted, oldest first, none hidden behind another. */
export function ApprovalsScreen() {
  const list = approvals.value;
  return (
    <div class="stack">
      <div class="head">
        <h1>{t('waiting.title')}</h1>
        {list.length > 0 ? <span class="chip attention">{t('waiting.count', { count: list.length })}</span> : null}
      </div>
      {list.length === 0 ? (
        <p class="note">{t('waiting.none')}</p>
      ) : (
        <ul class="list">
          {list.map((approval) => (
            <li key={approval.id}>
              <ApprovalRow approval={approval} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
