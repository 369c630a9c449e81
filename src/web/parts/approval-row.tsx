import { t } from '../i18n/index.ts';
import type { Approval } from '../state/approvals.ts';
import { approvalTitle } from './approval-title.ts';
import { Link } from './link.tsx';
import { visible } from './visible.ts';
import { When } from './when.tsx';

export function ApprovalRow({ approval }: { approval: Approval }) {
  return (
    <Link to={`/approvals/${encodeURIComponent(approval.id)}`} class="item">
      <span class="grow">
        <span class="name">{visible(approvalTitle(approval))}</span>
        <span class="small quiet">
          {approval.kind === 'ask' ? t('question.title') : t('approval.approve')} · <When at={approval.createdAt} />
        </span>
      </span>
      <span class="chip attention">{approval.kind === 'ask' ? '?' : '!'}</span>
    </Link>
  );
}
